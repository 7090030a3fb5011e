// Where checkpoints are kept, so that another process can go on from them.
//
// The newest `keep` whole ones of each unit stay; one that is damaged counts for nothing, so the
// last good one is never removed. What cannot be loaded says why, for the caller to take the one
// before. A savepoint is a store of its own inside, under a name, kept until it is removed.
//
// Thread contract: any thread; writes of one unit come one at a time.
// Cost: write returns when the checkpoint would survive a power cut. The first write of a unit
//   verifies what others left there.
//
//   base::Status s = store->write(checkpoint);
//   base::Result<std::vector<Stored>> kept = store->list("stocks-0");   // newest first
//   base::Result<Checkpoint> back = store->load(kept->front());
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/checkpoint/checkpoint.hpp>

namespace headrace::checkpoint {

// A checkpoint that is there, whether whole or not.
struct Stored {
  std::string unit;
  std::uint64_t commit = 0;
  std::string where;  // for messages and load()
  std::uint64_t bytes = 0;
  std::string trouble;  // why not even its header can be read; else empty, and the rest is known
  std::string pipeline;
  std::vector<ReadTo> read_to;
  std::map<std::string, std::string> facts;
};

class Store {
 public:
  virtual ~Store() = default;
  // Keeps the former ones as far as it keeps several.
  [[nodiscard]] virtual base::Status write(const Checkpoint& checkpoint) = 0;
  // By commit, newest first.
  [[nodiscard]] virtual base::Result<std::vector<Stored>> list(const std::string& unit) = 0;
  [[nodiscard]] virtual base::Result<Checkpoint> load(const Stored& stored) = 0;
  // Whether load() would succeed, without the memory that it takes.
  [[nodiscard]] virtual base::Status verify(const Stored& stored) = 0;
  // Every unit of which there is something, sorted.
  [[nodiscard]] virtual base::Result<std::vector<std::string>> units() = 0;
  [[nodiscard]] virtual std::string describe() const = 0;

  // A new savepoint, to be written to; nobody sees it before it is sealed. kInvalidArgument where
  // the name is not one (check_savepoint_name), or is taken.
  [[nodiscard]] virtual base::Result<std::shared_ptr<Store>> begin_savepoint(
      const std::string& name) = 0;
  [[nodiscard]] virtual base::Status seal_savepoint(const std::string& name) = 0;
  // kCheckpoint, with the nearest name, where there is none.
  [[nodiscard]] virtual base::Result<std::shared_ptr<Store>> savepoint(const std::string& name) = 0;
  [[nodiscard]] virtual base::Result<std::vector<std::string>> savepoints() = 0;
  [[nodiscard]] virtual base::Status remove_savepoint(const std::string& name) = 0;
};

// A file for each checkpoint in a directory for each unit below `path`, which is made. Written to a
// temporary name, synced, renamed, and the directory synced; the newest `keep` stay, one at least.
// Two processes may share the directory as long as each writes other units.
[[nodiscard]] base::Result<std::shared_ptr<Store>> open_directory_store(const std::string& path,
                                                                        std::size_t keep);
// One that is there, to be looked at: kIo where it is not.
[[nodiscard]] base::Result<std::shared_ptr<Store>> find_directory_store(const std::string& path);

}  // namespace headrace::checkpoint
