// Where each partition goes on after a restart or a rebalance, and with which state.
//
// Asked by the source before it reads a partition: given the committed position, it loads the
// newest checkpoint that is not ahead of it and has reading begin there; what lies between is
// computed again without being given out. Where no checkpoint can be used, the state is computed
// again from where it once began.
//
// Without commits of our own (results go nowhere, or at least once) the checkpoint alone says where
// to go on.
//
// Thread contract: any thread.
// Cost: begin() reads and verifies a checkpoint.
// Lifetime: shared by engine and sources.
//
//   recovery->open();                                  // nobody else writes any more
//   source:  recovery->begin({"stocks", 0}, committed, 0);
//   ingest:  std::shared_ptr<Restored> r = recovery->take({"stocks", 0});
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <headrace/checkpoint/store.hpp>
#include <headrace/pipeline/commit_mark.hpp>
#include <headrace/source/starting_points.hpp>

namespace headrace::pipeline {

using PartitionName = std::pair<std::string, std::int32_t>;

// How a partition begins.
struct Restored {
  std::int64_t begin = 0;         // the first record to be read
  std::int64_t first = 0;         // that the state depends on
  std::int64_t replay_until = 0;  // results before it were given out by a former life
  std::uint64_t commit = 0;       // number of the last one
  source::CommittedOffset committed;
  std::string digest;    // of the results at replay_until; empty: not to be compared
  bool resting = false;  // at replay_until
  std::shared_ptr<const checkpoint::Checkpoint> state;  // null: none
};

class Recovery final : public source::StartingPoints {
 public:
  struct Config {
    std::shared_ptr<checkpoint::Store> store;      // null: no checkpoints
    std::shared_ptr<checkpoint::Store> savepoint;  // for who has no checkpoint; null: none
    std::string plan;                              // fingerprint
    std::string models = {};                       // versions of its models
    bool by_commits = false;                       // exactly once: committed positions are ours
    // Checkpoints that are beyond one of these are not used.
    std::map<PartitionName, std::int64_t> up_to = {};
    bool merged = false;  // partitions flow together: one state of all of them
    // Where positions are kept with the results: says which ones. Empty: what the source has found.
    std::function<base::Result<source::CommittedOffset>(const PartitionName&)> committed = {};
  };
  explicit Recovery(Config config) : config_(std::move(config)) {}

  // From now on positions may be asked for.
  void open() noexcept { ready_.store(true, std::memory_order_release); }
  [[nodiscard]] bool ready() const override { return ready_.load(std::memory_order_acquire); }
  [[nodiscard]] base::Result<std::int64_t> begin(const PartitionName& partition,
                                                 const source::CommittedOffset& committed,
                                                 std::int64_t fallback) override;
  // What begin() has found; null where it was not asked. Stays until the next begin().
  [[nodiscard]] std::shared_ptr<const Restored> take(const PartitionName& partition);
  // At the end of a repetition: an error where results do not come to what was committed.
  [[nodiscard]] base::Status verify(const std::string& name, std::uint64_t replayed,
                                    const Restored& beginning, const Digest& digest);
  [[nodiscard]] const std::string& plan() const noexcept { return config_.plan; }
  [[nodiscard]] const std::string& models() const noexcept { return config_.models; }
  // Its state is in use: what was loaded of it is not needed any more.
  void done_with(const PartitionName& partition);
  // What was restored and what was refused, a line each; oldest first.
  [[nodiscard]] std::vector<std::string> story() const;
  void say(std::string line);

 private:
  [[nodiscard]] base::Result<Restored> by_commit(const PartitionName& partition,
                                                 const source::CommittedOffset& committed,
                                                 std::int64_t fallback);
  [[nodiscard]] base::Result<Restored> by_checkpoint(const PartitionName& partition,
                                                     std::int64_t fallback);
  using State = std::shared_ptr<const checkpoint::Checkpoint>;
  // The newest usable one up to a commit; null where there is none.
  [[nodiscard]] base::Result<State> newest(const std::string& unit, std::uint64_t up_to);
  // Of a savepoint, whichever pipeline made it.
  [[nodiscard]] base::Result<State> saved(const std::string& unit, std::uint64_t up_to);
  [[nodiscard]] bool is_beyond(const checkpoint::Stored& stored) const;
  [[nodiscard]] std::string unit_for(const PartitionName& partition) const;

  Config config_;
  std::atomic<bool> ready_{false};
  mutable std::mutex mutex_;
  std::map<PartitionName, std::shared_ptr<const Restored>> found_;
  std::vector<std::string> story_;
  std::weak_ptr<const checkpoint::Checkpoint> merged_state_;  // of all partitions
};

// The unit of a partition's state in a checkpoint store; safe as a file name.
[[nodiscard]] std::string unit_of(const PartitionName& partition);
inline constexpr const char* kMergedUnit = "merged";

}  // namespace headrace::pipeline
