#include <headrace/pipeline/lifecycle.hpp>

#include <utility>

namespace headrace::pipeline {

void Lifecycle::started(std::size_t ingests, std::size_t computes) {
  const std::lock_guard lock(mutex_);
  ingests_ = ingests;
  computes_ = computes;
  begin_ = Clock::now();
  state_ = EngineState::kRunning;
}

void Lifecycle::request_stop() noexcept {
  Clock::rep none = 0;
  drain_until_.compare_exchange_strong(none, (Clock::now() + kDrain).time_since_epoch().count());
  stop_.store(true);
  EngineState created = EngineState::kCreated;
  if (state_.compare_exchange_strong(created, EngineState::kStopped)) {
    // Whoever is about to wait has looked before, and waits now, or will look after.
    std::unique_lock(mutex_).unlock();
    changed_.notify_all();
    over_();
  }
  wake_();
}

void Lifecycle::fail(base::Error error) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(error);
  }
  drain_until_.store(1);  // long ago: nothing more is worked off
  request_stop();
}

void Lifecycle::compute_ended() noexcept {
  {
    const std::lock_guard lock(mutex_);
    --computes_;
  }
  changed_.notify_all();
}

void Lifecycle::ingest_ended() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (--ingests_ > 0) return;
    end_ = Clock::now();
    if (failure_) {
      state_ = EngineState::kFailed;
    } else {
      state_ = stop_ ? EngineState::kStopped : EngineState::kFinished;
    }
  }
  changed_.notify_all();
  over_();
}

bool Lifecycle::wait_computes(std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return computes_ == 0; });
}

bool Lifecycle::past(std::chrono::milliseconds grace) const noexcept {
  const Clock::rep until = drain_until_.load(std::memory_order_relaxed);
  return until != 0 && (Clock::now() - grace).time_since_epoch().count() > until;
}

bool Lifecycle::ended() const noexcept {
  const EngineState now = state();
  return now != EngineState::kCreated && now != EngineState::kRunning;
}

std::optional<base::Error> Lifecycle::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

bool Lifecycle::wait(std::optional<std::chrono::milliseconds> timeout) const {
  std::unique_lock lock(mutex_);
  const auto over = [&] { return ended(); };
  if (timeout) return changed_.wait_for(lock, *timeout, over);
  changed_.wait(lock, over);
  return true;
}

double Lifecycle::seconds() const {
  const std::lock_guard lock(mutex_);
  if (begin_ == Clock::time_point{}) return 0;
  const Clock::time_point until = ended() ? end_ : Clock::now();
  return std::chrono::duration<double>(until - begin_).count();
}

}  // namespace headrace::pipeline
