// Cuts: points at which every task stands at a batch border, so that results, positions and state
// belong together. Each is a transaction where there is a delivery, and some are checkpoints.
//
// At a cut all compute threads pause for as long as it takes to note the positions and, where a
// checkpoint is due, to copy the state of some tasks; the copies are written in the background once
// the transaction of the cut is committed. So a checkpoint is never ahead of what is committed.
//
// Thread contract: start and finish by the engine; release by ingest threads; status by any.
// Cost: a cut is some microseconds a task; a checkpoint a copy of the state in memory.
//
//   coordinator.start();
//   coordinator.release(slots);   // before partitions are given back: what is done is committed
//   coordinator.finish();         // the last cut
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <headrace/checkpoint/store.hpp>
#include <headrace/pipeline/compute.hpp>
#include <headrace/pipeline/delivery.hpp>
#include <headrace/pipeline/recovery.hpp>
#include <headrace/pipeline/task_registry.hpp>

namespace headrace::pipeline {

class Coordinator {
 public:
  struct House {
    TaskRegistry& registry;
    std::vector<std::unique_ptr<Compute>>& computes;
    Outlet& outlet;
    Lifecycle& life;
    Recovery& recovery;
    Delivery* delivery = nullptr;              // null: nothing is delivered exactly once
    const Junction* junction = nullptr;        // null: partitions are not merged
    std::shared_ptr<checkpoint::Store> store;  // null: no checkpoints
    const EngineOptions& options;
    bool keeps_state = true;  // whether results depend on earlier records at all
  };
  struct Status {
    std::uint64_t checkpoints = 0;     // written
    double checkpoint_age = -1;        // seconds since the last one was taken; -1: none yet
    double longest_stall_seconds = 0;  // that a cut has held up computing
    std::string message;               // why the last one could not be written; empty: it was
  };

  explicit Coordinator(House house);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  void start();
  // Commits what is done of tasks that are about to be given back, and writes their state; returns
  // when that has happened, or cannot be waited for any longer. After it nothing of them is
  // committed any more.
  void release(const std::vector<TaskSlot*>& slots);
  // After all compute threads have ended: the last cut. `finished`: the records had come to an end,
  // and what was held has been given out.
  void finish(bool finished);
  void join();
  // Commits what is done by now; returns a number to ask is_done() for. Any thread.
  [[nodiscard]] std::uint64_t request();
  [[nodiscard]] bool is_done(std::uint64_t number) const;
  // The state of every task at a cut of its own, under a name, to begin with later. Waits until it
  // is written, at most for `patience`.
  [[nodiscard]] base::Status savepoint(const std::string& name, std::chrono::milliseconds patience);
  [[nodiscard]] Status status() const;

 private:
  using Clock = std::chrono::steady_clock;
  // A savepoint that is being made.
  struct Saving {
    std::shared_ptr<checkpoint::Store> store;
    std::string missing;                 // the task whose state could not be taken
    std::size_t taken = 0;               // states
    std::size_t written = 0;             // under mutex_
    std::optional<base::Error> trouble;  // likewise
  };
  struct Wanted {
    bool everything = false;  // a checkpoint of every task, however young the last one
    bool finished = false;
    std::shared_ptr<Saving> saving;  // the states go there
  };
  struct State {
    checkpoint::Checkpoint made;
    std::vector<SavedKeys> keys;  // still to be written to it
  };
  struct Pending {
    std::uint64_t number = 0;
    std::vector<State> states;
    std::shared_ptr<Saving> saving;  // null: they are ordinary checkpoints
  };
  struct Taken {
    std::vector<sink::Position> positions;
    std::vector<State> states;
    std::vector<sink::Origin> owners;  // of the states, one each; none of those of a merge
    double stall_seconds = 0;          // that computing stood still for it
  };

  void run();
  // Waits until the next cut is due; false where there will be none.
  [[nodiscard]] bool wait_due(std::unique_lock<std::mutex>& lock);
  void write_states();
  // Returns a number that done_ reaches once the cut is committed and its states are written.
  std::uint64_t cut(Wanted wanted);
  [[nodiscard]] Taken take(Wanted wanted);
  // Leaves those states whose commits are certain to have happened.
  void drop_lost(Taken& taken) const;
  void take_each(Wanted wanted, Taken& taken);
  void take_merged(Wanted wanted, Taken& taken);
  [[nodiscard]] bool due(const TaskSlot& slot, Wanted wanted) const;
  [[nodiscard]] sink::Position position_of(TaskSlot& slot, Wanted wanted,
                                           const std::string& digest) const;
  void committed(std::uint64_t number, std::vector<State> states, std::shared_ptr<Saving> saving);
  [[nodiscard]] checkpoint::Checkpoint state_of(std::string unit, std::uint64_t commit) const;
  [[nodiscard]] base::Status save_into(const std::shared_ptr<Saving>& saving,
                                       std::chrono::milliseconds patience);
  void note_written(const Pending& pending, const base::Status& status);
  [[nodiscard]] bool wait_done(std::uint64_t number, std::chrono::milliseconds time);

  House house_;
  const std::string run_;  // no two runs have it in common
  std::mutex cutting_;     // one cut at a time
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool over_ = false;  // write_states is to end once it has nothing to do
  std::deque<Pending> to_write_;
  std::uint64_t cuts_ = 0;
  std::uint64_t done_ = 0;
  std::optional<Clock::time_point> last_checkpoint_;
  Status status_;
  std::thread thread_;
  std::thread writer_;
};

}  // namespace headrace::pipeline
