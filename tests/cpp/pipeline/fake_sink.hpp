// A sink that counts, hangs and fails on demand; a gate for slow computing; waiting with a limit.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include <headrace/sink/sink.hpp>

namespace headrace::testing {

// True as soon as `condition` is, false after a time that only a broken program takes.
inline bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// Holds up whoever passes until it is opened, once and for all (a failed test opens it never, and
// must end nevertheless).
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    opened_.wait_for(lock, std::chrono::seconds(30), [&] { return open_; });
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

class FakeSink final : public sink::Sink {
 public:
  base::Status write(const record::BatchPtr& batch) override {
    ++writes;
    if (on_write) on_write(batch);
    while (hold_write && !cancelled) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (cancelled) return base::Error{.code = base::ErrorCode::kCancelled, .message = "cancelled"};
    if (fail_write) return base::Error{.code = base::ErrorCode::kKafka, .message = "refused"};
    rows += batch->rows();
    return {};
  }
  base::Status write_rejects(std::span<const record::Reject> more) override {
    rejects += more.size();
    return {};
  }
  base::Result<bool> flush(std::chrono::milliseconds deadline) override {
    ++flushes;
    if (lose) return base::Error{.code = base::ErrorCode::kKafka, .message = "not delivered"};
    if (hold_flush) {
      std::this_thread::sleep_for(std::min(deadline, std::chrono::milliseconds(5)));
      return false;
    }
    rows_at_last_flush = rows.load();
    return true;
  }
  void cancel() noexcept override { cancelled = true; }
  std::string trouble() const override {
    const std::lock_guard lock(text_mutex_);
    return text_;
  }
  void say(std::string text) {
    const std::lock_guard lock(text_mutex_);
    text_ = std::move(text);
  }

  // Runs on the compute thread: with a sink, ingest threads never work batches off themselves.
  std::function<void(const record::BatchPtr&)> on_write;
  std::atomic<std::uint64_t> writes{0};
  std::atomic<std::uint64_t> rows{0};
  std::atomic<std::uint64_t> rejects{0};
  std::atomic<std::uint64_t> flushes{0};
  std::atomic<std::uint64_t> rows_at_last_flush{0};
  std::atomic<bool> hold_write{false};
  std::atomic<bool> fail_write{false};
  std::atomic<bool> hold_flush{false};
  std::atomic<bool> lose{false};
  std::atomic<bool> cancelled{false};

 private:
  mutable std::mutex text_mutex_;
  std::string text_;
};

}  // namespace headrace::testing
