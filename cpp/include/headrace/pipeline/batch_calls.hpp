// A counter over which compute threads have a function called that lives on a thread of its own.
//
// The core never enters the interpreter: a compute thread lays its batch down and waits; a thread
// that belongs to the interpreter takes it, calls the function and lays the answer down. A function
// that never returns holds up nobody's end: a stop gives the call up after the drain, and what is
// answered later is thrown away.
//
// Thread contract: call and give_up_at as ops/batch_function.hpp says; take and answer by the
//   function's thread; close by any.
// Cost: two hand-overs between threads a batch, some tens of µs.
// Lifetime: shared by the plan of one run and the function's thread.
//
//   compute:   base::Result<record::RecordBatch> rows = calls->call(batch);
//   function:  if (auto call = calls->take(100ms)) calls->answer(call->id, run(call->frame));
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include <headrace/ops/batch_function.hpp>
#include <headrace/pipeline/frame_store.hpp>

namespace headrace::pipeline {

class BatchCalls final : public ops::BatchFunction {
 public:
  struct Call {
    std::uint64_t id = 0;
    Frame frame;
  };
  using Answer = base::Result<record::RecordBatch>;

  [[nodiscard]] Answer call(const record::BatchPtr& batch) override;
  void give_up_at(std::chrono::steady_clock::time_point deadline) noexcept override;

  // The oldest call that waits; nothing at the timeout, or once closed. The frame's dictionaries
  // hold no more than its rows need.
  [[nodiscard]] std::optional<Call> take(std::chrono::milliseconds timeout);
  // Of a call that was given up nobody hears.
  void answer(std::uint64_t id, Answer answer);
  // Nobody will answer any more: calls are given up at once, now and later.
  void close() noexcept;
  [[nodiscard]] bool closed() const noexcept;
  // Whether something was taken and not answered yet.
  [[nodiscard]] bool busy() const noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool over(Clock::time_point now) const noexcept;
  void forget(std::uint64_t id) noexcept;

  mutable std::mutex mutex_;
  std::condition_variable laid_down_;  // for take
  std::condition_variable answered_;   // for call
  struct Waiting {
    std::uint64_t id = 0;
    record::BatchPtr batch;
  };
  std::deque<Waiting> waiting_;
  std::map<std::uint64_t, std::optional<Answer>> open_;  // calls not returned yet
  std::uint64_t next_id_ = 0;
  std::uint64_t taken_ = 0;  // and not answered yet
  std::optional<Clock::time_point> deadline_;
  bool closed_ = false;
};

}  // namespace headrace::pipeline
