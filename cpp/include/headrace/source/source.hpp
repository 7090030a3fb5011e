// Where records come from: raw bytes with their position, poll by poll, and what happened
// meanwhile.
//
// One Source is one consumer handle and is polled by one ingest thread. Everything that a record
// points at is borrowed from the source until the next poll, so that decoding reads the client's
// own memory and nothing is copied.
//
// Thread contract: poll, pause, resume, close by the ingest thread only; wake from any thread;
//   topic names are immutable once a record of that topic was handed out (read through topics()).
// Cost: one virtual call a poll, not a record.
//
//   while (!stop) {
//     base::Result<Poll> poll = source.poll(100ms);
//     for (const RawRecord& r : poll->records) decoder.append(r);
//   }
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::source {

struct RawRecord {
  std::string_view value;  // borrowed until the next poll
  std::string_view key;    // borrowed until the next poll
  record::TaskId task;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;  // -1: none
  bool tombstone = false;          // null value: not the same as an empty one
  bool has_key = false;
  const void* message = nullptr;  // the source's own, borrowed likewise
};

enum class EventKind : std::uint8_t {
  kAssigned,    // task is ours from `offset` on, under `epoch`
  kRevoked,     // task is no longer ours: hand on nothing more of `epoch`
  kReachedEnd,  // bounded read: every record of the task up to its end mark was delivered
  kBroken,      // connection trouble, `error` says what; librdkafka retries, records may follow
  kHealed,      // records or metadata flow again
  kRejected,    // the client could not deliver this one record (`offset`); it was skipped over
  kWaiting,     // for a topic, or for a transaction: `error` says so in the user's words
};

struct SourceEvent {
  EventKind kind = EventKind::kAssigned;
  record::TaskId task;
  std::uint32_t epoch = 0;
  std::int64_t offset = -1;
  base::Error error;
};

struct Poll {
  std::span<const RawRecord> records;   // borrowed until the next poll; grouped as they arrived
  std::span<const SourceEvent> events;  // happened before these records; borrowed likewise
  // Typed already (frames, Parquet): no decoding needed. The caller moves them out.
  std::span<record::RecordBatch> batches;
  // Rows of a typed source that do not fit the schema, complete; the caller moves them out. They
  // are counted as records of their task but are in no batch.
  std::span<record::Reject> rejects;
  bool end = false;  // bounded and every task reached its end
};

// Position of a task, for status and lag.
struct TaskPosition {
  record::TaskId task;
  std::uint32_t epoch = 0;
  std::int64_t position = -1;       // next offset to be delivered
  std::int64_t behind_last = -1;    // no record was from here to `position`; -1: not known
  std::int64_t low_watermark = -1;  // -1: not known yet
  std::int64_t high_watermark = -1;
};

// How a source stands with whoever it reads from.
enum class Connection : std::uint8_t {
  kNone,        // there is nobody: a frame, a file
  kConnecting,  // nobody has answered yet
  kConnected,
  kLost,  // somebody had answered, and now nobody does
};

class Source {
 public:
  virtual ~Source() = default;
  // Waits at most `timeout` for the first record, then takes what is there without waiting. An
  // error is fatal: the source delivers nothing more and is only to be closed.
  [[nodiscard]] virtual base::Result<Poll> poll(std::chrono::milliseconds timeout) = 0;
  // How often a record of the last poll was set aside before; asked for those that are again.
  [[nodiscard]] virtual int attempts(const RawRecord& /*record*/) const { return 0; }
  // Flow control: a paused task keeps its assignment and the member keeps polling.
  virtual void pause(std::span<const record::TaskId> tasks) = 0;
  virtual void resume(std::span<const record::TaskId> tasks) = 0;
  // Commits positions (next offset to read) to the group where there is one; otherwise does
  // nothing. An error where that was not acknowledged within `deadline`, or, where that is longer
  // than kShortCommit, at a wake().
  [[nodiscard]] virtual base::Status commit(std::span<const TaskPosition> positions,
                                            std::chrono::milliseconds deadline) = 0;
  static constexpr std::chrono::milliseconds kShortCommit{500};
  [[nodiscard]] virtual std::vector<TaskPosition> positions() const = 0;
  [[nodiscard]] virtual std::vector<std::string> topics() const = 0;  // index = TaskId::topic
  // Any thread: who we are in the consumer group now, for positions that go with a transaction;
  // opaque. An error where we are in none, or not at present.
  [[nodiscard]] virtual base::Result<std::string> membership() {
    return base::Error{.code = base::ErrorCode::kUnsupported,
                       .message = "this source is in no consumer group"};
  }
  // As of the last poll.
  [[nodiscard]] virtual Connection connection() const noexcept { return Connection::kNone; }
  // Makes a blocked or the next poll return at once. Any thread.
  virtual void wake() noexcept = 0;
  // Leaves the group and frees the client within `deadline`; leaks it rather than hang.
  virtual void close(std::chrono::milliseconds deadline) noexcept = 0;
};

}  // namespace headrace::source
