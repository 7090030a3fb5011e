// A compute thread: takes parcels from the ingest threads, runs their tasks, hands results on.
//
// A small parcel is worked off by the ingest thread itself while this thread is idle: waking a
// thread costs more than the work, and the tail of its latency is the scheduler's.
//
// Thread contract: start and join by the engine; everything else as said there. Tasks and their
//   slots belong to whoever has the turn.
// Cost: per parcel one lock that hardly anybody else wants, and the task's work.
//
//   ingest: compute.ring(0).try_push(std::move(parcel)); compute.bell().ring();
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <headrace/pipeline/doorbell.hpp>
#include <headrace/pipeline/junction.hpp>
#include <headrace/pipeline/lifecycle.hpp>
#include <headrace/pipeline/outlet.hpp>
#include <headrace/pipeline/parcel.hpp>
#include <headrace/pipeline/task_registry.hpp>
#include <headrace/ring/spsc_ring.hpp>

namespace headrace::pipeline {

// What the operators of tasks are made of, and where their rows go.
struct TaskRecipe {
  std::vector<const Plan*> leaves;  // by TaskSlot::leaf
  bool with_digest = false;
  Junction* junction = nullptr;  // null: to the outlet
  Recovery* recovery = nullptr;  // null: every task begins anew
};

class Compute {
 public:
  using Ring = ring::SpscRing<ParcelPtr>;

  struct Counters {
    std::atomic<std::uint64_t> stale{0};
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> evicted{0};
  };

  Compute(TaskRecipe recipe, Outlet& outlet, Lifecycle& life, std::size_t producers,
          const EngineOptions& options);

  void start(const std::string& name);
  void join();

  // For ingest thread `producer` alone.
  [[nodiscard]] Ring& ring(std::size_t producer) noexcept { return lanes_[producer]->ring; }
  // Works the parcel off on the caller's thread, if it is small, nobody is at work here, nothing of
  // this producer waits, and neither a sink nor a function outside could hold the caller up.
  [[nodiscard]] bool run_here(std::size_t producer, Parcel& parcel);
  // The oldest `parcels` more of what is in the ring lose their rows (Overflow::kDropOldest).
  void doom(std::size_t producer, std::size_t parcels) noexcept;
  [[nodiscard]] std::size_t doomed(std::size_t producer) const noexcept;
  // What is in the ring is to be conflated (Overflow::kConflate).
  void congested(std::size_t producer) noexcept;
  void producer_ended(std::size_t producer) noexcept;  // after its last push

  // One other thread: between the two no task is touched.
  void halt();
  void go_on();

  // Any thread.
  void ring_bell() noexcept { bell_.ring(); }
  // Asks for everything done so far to be flushed and acknowledged; that has happened when
  // flushed() has come to the returned number.
  [[nodiscard]] std::uint64_t request_flush() noexcept;
  [[nodiscard]] std::uint64_t flushed() const noexcept {
    return flushed_.load(std::memory_order_acquire);
  }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] Digest digest() const;

 private:
  struct Lane {  // from one ingest thread
    explicit Lane(std::size_t capacity) : ring(capacity) {}
    Ring ring;
    std::atomic<std::size_t> doomed{0};
    std::atomic<bool> congested{false};
    std::atomic<bool> ended{false};
  };

  void run();
  [[nodiscard]] bool all_producers_ended() const noexcept;
  [[nodiscard]] bool serve(Lane& lane);
  void thin_out(Lane& lane, std::span<ParcelPtr> parcels);
  [[nodiscard]] bool puts_off(ParcelPtr& parcel);
  [[nodiscard]] bool resume_put_off();
  void handle(Parcel& parcel);
  // The first parcel that is no repetition: is the state what it was when those were given out?
  [[nodiscard]] base::Status end_replay(TaskSlot& slot);
  void process(Parcel& parcel);
  using Work = base::Status (Task::*)(record::RecordBatch&, record::Rejects&);
  void work_off(Parcel& parcel, Work work);
  // Whether what comes now is left alone, since the run is stopping.
  [[nodiscard]] bool leaves_alone() const noexcept { return gave_up_ || life_.past_drain(); }
  void hand_on(Parcel& parcel, std::size_t entered);
  [[nodiscard]] base::Status pass_on(Parcel& parcel);
  void finish_tasks();
  [[nodiscard]] std::optional<base::Error> refusal(const Parcel& parcel) const;
  [[nodiscard]] base::Status renew(TaskSlot& slot, std::uint32_t epoch);
  [[nodiscard]] static base::Status begin_at(TaskSlot& slot, const Restored& beginning);
  void note_event_times(const Parcel& parcel);
  void flush();
  [[nodiscard]] std::vector<Acknowledged> safe_positions() const;

  const TaskRecipe recipe_;
  Outlet& outlet_;
  Lifecycle& life_;
  const bool fail_on_reject_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<ParcelPtr> block_;  // parcels just popped
  std::vector<TaskSlot*> slots_;  // that run here
  std::vector<ParcelPtr> put_off_;
  std::atomic<std::uint64_t> flush_wanted_{0};
  std::atomic<std::uint64_t> flushed_{0};
  Doorbell bell_;
  Counters counters_;
  mutable std::mutex turn_;  // who may touch the tasks
  std::atomic<bool> halted_{false};
  bool gave_up_ = false;  // a step was cancelled: what comes after it would not fit
  Digest of_former_;      // of tasks whose assignment is over
  std::thread thread_;
};

// The same of all compute threads: a number for each of them. Any thread.
[[nodiscard]] std::vector<std::uint64_t> request_flush(
    const std::vector<std::unique_ptr<Compute>>& computes);
[[nodiscard]] bool flushed(const std::vector<std::unique_ptr<Compute>>& computes,
                           const std::vector<std::uint64_t>& numbers) noexcept;

}  // namespace headrace::pipeline
