// From created to ended: one state of all threads of an engine, its first error, and who waits for
// it.
//
// Thread contract: any thread.
// Cost: stopping() is one relaxed load.
//
//   compute: while (!life.stopping()) work();  life.compute_ended();
//   ingest:  while (!life.wait_computes(20ms)) keep_polling();  life.ingest_ended();
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <headrace/base/error.hpp>
#include <headrace/pipeline/engine.hpp>

namespace headrace::pipeline {

class Lifecycle {
 public:
  using Clock = std::chrono::steady_clock;
  // Once stop was asked for, what waits is still worked off for so long; the rest is left alone,
  // and its position is not committed.
  static constexpr std::chrono::milliseconds kDrain{150};
  // After that, sinks have so long to acknowledge.
  static constexpr std::chrono::milliseconds kFlush{100};

  // `wake` gets blocked threads to look at stopping(), `over` is told of the end; by any thread.
  Lifecycle(std::function<void()> wake, std::function<void()> over)
      : wake_(std::move(wake)), over_(std::move(over)) {}

  void started(std::size_t ingests, std::size_t computes);
  void request_stop() noexcept;
  void fail(base::Error error) noexcept;  // the first one counts; stops everything
  void compute_ended() noexcept;
  void ingest_ended() noexcept;  // the last one ends the run
  // Whether all compute threads have ended, after waiting at most `timeout` for it.
  [[nodiscard]] bool wait_computes(std::chrono::milliseconds timeout) const;

  [[nodiscard]] bool stopping() const noexcept { return stop_.load(std::memory_order_relaxed); }
  // Whether a stopping engine shall leave alone what still waits.
  [[nodiscard]] bool past_drain() const noexcept { return past({}); }
  // Whether it shall no longer wait for sinks either.
  [[nodiscard]] bool past_flush() const noexcept { return past(kFlush); }
  [[nodiscard]] bool ended() const noexcept;
  [[nodiscard]] EngineState state() const noexcept { return state_.load(); }
  [[nodiscard]] std::optional<base::Error> failure() const;
  [[nodiscard]] bool wait(std::optional<std::chrono::milliseconds> timeout) const;
  [[nodiscard]] double seconds() const;

 private:
  [[nodiscard]] bool past(std::chrono::milliseconds grace) const noexcept;

  std::function<void()> wake_;
  std::function<void()> over_;
  std::atomic<bool> stop_{false};
  std::atomic<Clock::rep> drain_until_{0};
  std::atomic<EngineState> state_{EngineState::kCreated};
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<base::Error> failure_;
  std::size_t ingests_ = 0;
  std::size_t computes_ = 0;
  Clock::time_point begin_{};
  Clock::time_point end_{};
};

}  // namespace headrace::pipeline
