// Where the tasks of several partitions flow together: the merges of a plan and the tasks behind
// them, in a running engine.
//
// Whoever brings rows works off what has become due with them, one thread at a time: the rows of
// different partitions are decoded and computed in parallel, what is behind the merge is not. It
// knows which partition belongs to which merge, whom to pause (TaskSlot::ahead), and for whom the
// others wait.
//
// Thread contract: expect before the start; reported, open and close by ingest threads, which never
//   wait for a merge; take, settle, leave and held by compute threads; the rest by any.
// Cost: a lookup and a lock per parcel, besides the merge; waiting for it where threads meet.
//
//   ingest:  junction.open(slot, epoch);
//   compute: base::Status s = junction.take(parcel);
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <headrace/pipeline/lifecycle.hpp>
#include <headrace/pipeline/merged_task.hpp>
#include <headrace/pipeline/outlet.hpp>
#include <headrace/pipeline/parcel.hpp>
#include <headrace/pipeline/task_registry.hpp>

namespace headrace::pipeline {

class Junction {
 public:
  struct House {
    Outlet& outlet;
    Lifecycle& life;
    const TaskRegistry& registry;
    const EngineOptions& options;
    Recovery* recovery = nullptr;  // null: nothing is restored
  };

  // Throws base::Exception where an operator cannot be made. The plan outlives the junction.
  Junction(const Plan& plan, House house);

  // ---- ingest threads
  // One more source of the leaf, which will say which partitions it has.
  void expect(std::size_t leaf);
  void reported(std::size_t leaf);
  void open(TaskSlot& slot, std::uint32_t epoch);
  void close(TaskSlot& slot);

  // ---- compute threads
  // Whether settle() has something to do.
  [[nodiscard]] bool stirred() const noexcept { return stirred_.load(std::memory_order_acquire); }
  void settle();
  // Rows of a leaf's task, and what is said of its partition. An error is fatal.
  [[nodiscard]] base::Status take(Parcel& parcel);
  // By each compute thread, after its last parcel: returns when all rows have come out.
  void leave();
  // What of each partition may be lost if the process died now. unknown(): nothing is safe.
  [[nodiscard]] ops::HeldOffsets held();

  // The partition has come to the end of what a former life has given out.
  [[nodiscard]] base::Status end_replay(TaskSlot& slot);

  // ---- recovery
  // Before a partition is opened whose results until then were given out by a former life.
  void expect_replay() noexcept { replays_.fetch_add(1, std::memory_order_acq_rel); }
  // Whether any partition is not there yet, or one may still turn up: nothing is given out.
  [[nodiscard]] bool replaying() const noexcept {
    return is_recovering_ && (replays_.load(std::memory_order_acquire) > 0 ||
                              unreported_.load(std::memory_order_acquire) > 0);
  }
  // All state that is behind the tasks of partitions; while all compute threads stand still.
  void save(std::vector<checkpoint::Section>& sections) const;
  // Once, before the first partition is opened.
  [[nodiscard]] base::Status load(const checkpoint::Checkpoint& state);
  [[nodiscard]] bool resting(TaskSlot& slot) const;

  // ---- any thread
  [[nodiscard]] Digest digest() const;
  [[nodiscard]] std::uint64_t evicted() const noexcept;  // groups, as Operator::evicted
  [[nodiscard]] std::string message() const;  // for whom the others wait; empty: for nobody long

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::uint32_t kNoParent = 0xFFFFFFFFU;
  struct Node {  // a merge
    MergedTask task;
    std::uint32_t parent = kNoParent;       // index into nodes_
    std::uint32_t input = 0;                // of the parent
    Merge::Channel channel = 0;             // likewise
    std::vector<std::uint32_t> child_of{};  // by channel: index into nodes_, or kNoParent
    bool finished = false;
    std::uint64_t dropped = 0;  // counted already, as the next one
    std::uint64_t late = 0;
  };
  struct Leaf {
    std::uint32_t node = 0;
    std::uint32_t input = 0;
  };
  struct Seat {  // of a partition
    std::uint32_t node = 0;
    Merge::Channel channel = 0;
    std::uint32_t epoch = 0;
  };
  struct Change {
    enum class Kind : std::uint8_t { kReported, kOpened, kClosed };
    Kind kind = Kind::kOpened;
    std::size_t leaf = 0;
    TaskSlot* slot = nullptr;
    std::uint32_t epoch = 0;
  };
  struct Blame {
    const TaskSlot* slot = nullptr;
    std::int64_t watermark = 0;
    Clock::time_point since{};
  };

  std::uint32_t add_node(const Plan& plan, bool is_root);
  void change(Change change);
  void apply_changes();
  void seat(const Change& change);
  void unseat(TaskSlot& slot);
  [[nodiscard]] base::Status advance();
  [[nodiscard]] base::Status finish(Node& node);
  [[nodiscard]] base::Status stop(Node& node);
  void count(Node& node);
  [[nodiscard]] MergedTask::Give give_of(Node& node);
  [[nodiscard]] base::Status deliver(record::RecordBatch& batch, bool is_result,
                                     record::Rejects& rejects);
  void note_ahead();
  void note_blame();
  void fail(const base::Status& status);

  House house_;
  mutable std::mutex mutex_;  // of all down to the next one
  std::vector<Node> nodes_;   // those below before those above; the last one gives the results
  std::vector<Leaf> leaves_;
  std::unordered_map<TaskSlot*, Seat> seats_;
  std::int64_t ingest_steady_ns_ = 0;  // of the newest rows
  std::size_t left_ = 0;               // compute threads
  bool over_ = false;
  bool broken_ = false;
  std::condition_variable all_left_;

  const bool is_recovering_;
  bool loaded_ = false;
  std::atomic<int> replays_{0};
  std::atomic<int> unreported_{0};
  std::uint64_t replayed_ = 0;

  std::mutex changes_mutex_;
  std::vector<Change> changes_;
  std::atomic<bool> stirred_{false};
  std::atomic<std::uint64_t> evicted_{0};

  mutable std::mutex blame_mutex_;
  Blame blame_;
};

}  // namespace headrace::pipeline
