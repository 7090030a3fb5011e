// A source made of JSON texts in memory, with any poll pattern, assignment history and end.
//
// Steps are played in order, one per poll; while paused, records stay where they are.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <headrace/source/source.hpp>

namespace headrace::testing {

struct FakeRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string value;
  std::string key = "key";
  bool tombstone = false;
};

// What one poll gives.
struct FakeStep {
  std::vector<FakeRecord> records;
  std::vector<source::SourceEvent> events;
  std::function<void()> before;  // runs on the ingest thread
};

// What a test sees of a source that an engine owns.
struct FakeLog {
  std::mutex mutex;
  std::vector<source::TaskPosition> commits;
  std::atomic<int> polls{0};
  std::atomic<int> pauses{0};
  std::atomic<int> resumes{0};
  // How many records are said to be behind the position. With none, partitions that have no record
  // are known to be empty.
  std::atomic<std::int64_t> unread{10};
  std::atomic<source::Connection> connection{source::Connection::kNone};
  std::atomic<bool> closed{false};
  std::atomic<bool> polled_after_close{false};
};

class FakeSource final : public source::Source {
 public:
  enum class Then { kEnd, kSilence, kError };

  FakeSource(std::vector<FakeStep> steps, Then then, std::shared_ptr<FakeLog> log,
             std::string topic = "fake")
      : steps_(std::make_move_iterator(steps.begin()), std::make_move_iterator(steps.end())),
        then_(then),
        log_(std::move(log)),
        topic_(std::move(topic)) {}

  base::Result<source::Poll> poll(std::chrono::milliseconds timeout) override {
    ++log_->polls;
    if (log_->closed) log_->polled_after_close = true;
    scribble();
    if (paused() || (steps_.empty() && then_ == Then::kSilence)) {
      sleep(timeout);
      return source::Poll{};
    }
    if (steps_.empty()) return last();
    now_ = std::move(steps_.front());
    steps_.pop_front();
    if (now_.before) now_.before();
    for (const source::SourceEvent& event : now_.events) note(event);
    for (const FakeRecord& record : now_.records) positions_[record.partition] = record.offset + 1;
    source::Poll poll;
    poll.records = borrowed();
    poll.events = now_.events;
    return poll;
  }

  void pause(std::span<const record::TaskId> tasks) override {
    ++log_->pauses;
    for (const record::TaskId& task : tasks) paused_.insert(task);
  }
  void resume(std::span<const record::TaskId> tasks) override {
    ++log_->resumes;
    for (const record::TaskId& task : tasks) paused_.erase(task);
  }
  base::Status commit(std::span<const source::TaskPosition> positions,
                      std::chrono::milliseconds /*deadline*/) override {
    const std::lock_guard lock(log_->mutex);
    log_->commits.insert(log_->commits.end(), positions.begin(), positions.end());
    return {};
  }
  std::vector<source::TaskPosition> positions() const override {
    std::vector<source::TaskPosition> all;
    for (const auto& [partition, position] : positions_) {
      all.push_back({.task = {0, partition},
                     .epoch = 0,
                     .position = position,
                     .low_watermark = 0,
                     .high_watermark = position + log_->unread});
    }
    for (const record::TaskId& task : live_) {
      if (log_->unread != 0 || positions_.contains(task.partition)) continue;
      all.push_back(
          {.task = task, .epoch = 0, .position = 0, .low_watermark = 0, .high_watermark = 0});
    }
    return all;
  }
  std::vector<std::string> topics() const override { return {topic_}; }
  source::Connection connection() const noexcept override { return log_->connection; }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    wake_.notify_all();
  }
  void close(std::chrono::milliseconds /*deadline*/) noexcept override { log_->closed = true; }

 private:
  // What was lent until now is no longer there.
  void scribble() {
    for (FakeRecord& record : now_.records) {
      std::fill(record.value.begin(), record.value.end(), '#');
      std::fill(record.key.begin(), record.key.end(), '#');
    }
  }
  std::span<const source::RawRecord> borrowed() {
    raw_.clear();
    for (const FakeRecord& record : now_.records) {
      raw_.push_back({.value = record.value,
                      .key = record.key,
                      .task = {0, record.partition},
                      .offset = record.offset,
                      .timestamp_ms = 1000 + record.offset,
                      .tombstone = record.tombstone,
                      .has_key = true});
    }
    return raw_;
  }
  void note(const source::SourceEvent& event) {
    if (event.kind == source::EventKind::kAssigned) live_.insert(event.task);
    if (event.kind == source::EventKind::kRevoked) live_.erase(event.task);
  }
  [[nodiscard]] bool paused() const {
    return !live_.empty() &&
           std::includes(paused_.begin(), paused_.end(), live_.begin(), live_.end());
  }
  base::Result<source::Poll> last() const {
    if (then_ == Then::kError) {
      return base::Error{.code = base::ErrorCode::kTopicNotFound, .message = "no such topic"};
    }
    source::Poll poll;
    poll.end = true;
    return poll;
  }
  void sleep(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, timeout, [&] { return woken_; });
    woken_ = false;
  }

  std::deque<FakeStep> steps_;
  Then then_;
  std::shared_ptr<FakeLog> log_;
  std::string topic_;
  FakeStep now_;
  std::vector<source::RawRecord> raw_;
  std::set<record::TaskId> live_;
  std::set<record::TaskId> paused_;
  std::map<std::int32_t, std::int64_t> positions_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = false;
};

inline source::SourceEvent assigned(std::int32_t partition, std::uint32_t epoch,
                                    std::int64_t offset = 0) {
  return {.kind = source::EventKind::kAssigned,
          .task = {0, partition},
          .epoch = epoch,
          .offset = offset,
          .error = {}};
}
inline source::SourceEvent revoked(std::int32_t partition, std::uint32_t epoch) {
  return {.kind = source::EventKind::kRevoked,
          .task = {0, partition},
          .epoch = epoch,
          .offset = -1,
          .error = {}};
}

// Records of a partition that obey test_plan()'s schema; prices wander deterministically.
inline FakeRecord good_record(std::int32_t partition, std::int64_t offset) {
  const std::int64_t mixed = (offset * 2654435761 + partition * 40503) % 1000;
  FakeRecord record{.partition = partition, .offset = offset};
  record.key = "K" + std::to_string(partition) + "_" + std::to_string(mixed % 7);
  record.value = "{\"t\":" + std::to_string(1'700'000'000'000 + offset * 60'000) + ",\"k\":\"" +
                 record.key + "\",\"x\":" + std::to_string(100 + mixed) +
                 ".25,\"n\":" + std::to_string(offset) + "}";
  return record;
}

inline const char* test_plan() {
  return R"({"version": 1, "format": "json",
    "schema": {"fields": [{"name": "t", "type": "timestamp", "unit": "ms"},
                          {"name": "k", "type": "string"},
                          {"name": "x", "type": "float64"},
                          {"name": "n", "type": "int64"}],
               "event_time": "t", "key": "k"},
    "steps": [
      {"op": "validate", "rules": [{"name": "x >= 0", "expr":
          {"fn": ">=", "args": [{"col": "x"}, {"lit": 0.0, "type": "float64"}]}}]},
      {"op": "with_columns", "columns": [
          {"kind": "indicator", "indicator": "sma", "inputs": ["x"],
           "params": {"timeperiod": 5}, "outputs": ["sma"]},
          {"kind": "indicator", "indicator": "ema", "inputs": ["x"],
           "params": {"timeperiod": 9}, "outputs": ["ema"]},
          {"kind": "expr", "name": "before", "expr":
              {"fn": "shift", "args": [{"col": "x"}, {"lit": 1, "type": "int64"}]}}]}]})";
}

}  // namespace headrace::testing
