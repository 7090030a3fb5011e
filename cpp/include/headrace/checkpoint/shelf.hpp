// The manifests of a topic, kept up to date, and the checkpoints that they stand for.
//
// Thread contract: one thread at a time.
// Cost: refresh reads what is new in the first partition; put and get move the checkpoint's bytes.
//
//   Shelf shelf(TopicLog::open(client, "checkpoints").value_or_throw());
//   base::Status s = shelf.put("-", checkpoint);
//   if (s) s = shelf.refresh();
//   std::vector<Shelf::Entry> kept = shelf.whole_ones("-", "stocks-0");
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <headrace/checkpoint/checkpoint.hpp>
#include <headrace/checkpoint/manifest.hpp>
#include <headrace/checkpoint/topic_log.hpp>

namespace headrace::checkpoint {

class Shelf {
 public:
  struct Entry {
    Manifest manifest;
    std::string trouble;         // why the manifest cannot be read; else empty
    std::uint64_t sequence = 0;  // later is newer
  };

  explicit Shelf(std::unique_ptr<TopicLog> log) : log_(std::move(log)) {}

  [[nodiscard]] const std::string& topic() const noexcept { return log_->topic(); }
  // What others have written since.
  [[nodiscard]] base::Status refresh();

  // As of the last refresh, and what was put and removed here since.
  [[nodiscard]] std::vector<Entry> entries(const std::string& scope) const;
  // Of a unit, the last written of each commit.
  [[nodiscard]] std::vector<Entry> whole_ones(const std::string& scope,
                                              const std::string& unit) const;
  [[nodiscard]] std::set<std::string> scopes() const;
  // By name, the scope that its checkpoints are in.
  [[nodiscard]] const std::map<std::string, std::string>& seals() const noexcept { return seals_; }

  // Durable on return. The entry is the new one.
  [[nodiscard]] base::Result<Entry> put(const std::string& scope, const Checkpoint& checkpoint);
  [[nodiscard]] base::Result<Checkpoint> get(const Manifest& manifest, Depth depth);
  // First the chunks, so that none is forgotten.
  [[nodiscard]] base::Status remove(const Manifest& manifest);
  [[nodiscard]] base::Status seal(const std::string& savepoint, const std::string& scope);
  [[nodiscard]] base::Status unseal(const std::string& savepoint);
  [[nodiscard]] base::Status flush() { return log_->flush(); }

 private:
  void apply(std::string_view key, std::string_view value, bool tombstone);
  base::Result<Manifest> begin(const std::string& scope, const Checkpoint& checkpoint);
  base::Status send_manifest(const Manifest& manifest);
  base::Status send_chunks(const Manifest& manifest, const Checkpoint& checkpoint);

  std::unique_ptr<TopicLog> log_;
  std::map<std::string, Entry> entries_;  // by the manifest's key
  std::map<std::string, std::string> seals_;
  std::int64_t position_ = 0;  // next to be read of the first partition
  std::uint64_t sequence_ = 0;
};

}  // namespace headrace::checkpoint
