// Where checkpoints are kept, so that another process can go on from them.
//
// Thread contract: any thread; writes of one unit come one at a time.
// Cost: write returns when the checkpoint would survive a power cut.
//
//   base::Status s = store->write(checkpoint);
//   base::Result<std::vector<Stored>> kept = store->list("stocks-0");   // newest first
//   base::Result<Checkpoint> back = store->load(kept->front());
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <headrace/checkpoint/checkpoint.hpp>

namespace headrace::checkpoint {

// A checkpoint that is there, whether whole or not.
struct Stored {
  std::string unit;
  std::uint64_t commit = 0;
  std::string where;  // for messages and load()
};

class Store {
 public:
  virtual ~Store() = default;
  // Keeps the former ones as far as it keeps several.
  [[nodiscard]] virtual base::Status write(const Checkpoint& checkpoint) = 0;
  // By commit, newest first.
  [[nodiscard]] virtual base::Result<std::vector<Stored>> list(const std::string& unit) = 0;
  [[nodiscard]] virtual base::Result<Checkpoint> load(const Stored& stored) = 0;
  [[nodiscard]] virtual std::string describe() const = 0;
};

// A file for each checkpoint in a directory for each unit below `path`, which is made. Written to a
// temporary name, synced, renamed, and the directory synced; the newest `keep` stay. Two processes
// may share the directory as long as each writes other units.
[[nodiscard]] base::Result<std::shared_ptr<Store>> open_directory_store(const std::string& path,
                                                                        std::size_t keep);

}  // namespace headrace::checkpoint
