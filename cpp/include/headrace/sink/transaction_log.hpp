// A log that takes results, dead letters and positions in transactions: all of one, or none.
//
// One object stands for one writer id and a chain of producers behind it: renew() gives the present
// producer up and the next init() begins with a new one, which fences the former and ends what it
// left open. What any other call left undecided is decided by committed() after that.
//
// Every call has a deadline of its own and never waits for longer. An error that is `retriable` may
// be gone with a new producer; any other one is the user's to mend.
//
// Thread contract: one thread; cancel() by any.
// Cost: that of the implementation; write() takes a batch.
//
//   log.init(); log.begin(); log.write(output); log.flush();
//   auto member = log.membership(); log.send_positions(*member, positions); log.commit();
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::sink {

using Partition = std::pair<std::string, std::int32_t>;  // topic, partition

// Which assignment of which task something belongs to.
struct Origin {
  record::TaskId task;
  std::uint32_t epoch = 0;
  friend bool operator==(const Origin&, const Origin&) = default;
};

// Something to write. Kept until its transaction is known to be committed, so all is shared.
struct Output {
  Origin origin;
  record::BatchPtr rows;                                       // or
  std::shared_ptr<const std::vector<record::Reject>> rejects;  // dead letters
};

// How far a partition has come, with what is kept beside it (at most some hundred bytes).
struct Mark {
  std::int64_t offset = -1;  // next one to read; -1: none was ever committed
  std::string metadata;
  friend bool operator==(const Mark&, const Mark&) = default;
};

struct Position {
  Partition partition;
  Origin origin;
  Mark mark;
};

class TransactionLog {
 public:
  virtual ~TransactionLog() = default;
  [[nodiscard]] virtual base::Status init() = 0;
  [[nodiscard]] virtual base::Status begin() = 0;
  [[nodiscard]] virtual base::Status write(const Output& output) = 0;
  // Everything written is acknowledged.
  [[nodiscard]] virtual base::Status flush() = 0;
  // Proof of who reads the partitions now, for send_positions: opaque, and never to be kept longer
  // than for one transaction.
  [[nodiscard]] virtual base::Result<std::string> membership() = 0;
  [[nodiscard]] virtual base::Status send_positions(const std::string& membership,
                                                    std::span<const Position> positions) = 0;
  [[nodiscard]] virtual base::Status commit() = 0;
  // As they are once nothing is pending; in the order of `partitions`.
  [[nodiscard]] virtual base::Result<std::vector<Mark>> committed(
      std::span<const Partition> partitions) = 0;
  virtual void renew() noexcept = 0;
  // Waits before the next attempt. An error where the wait was cancelled.
  [[nodiscard]] virtual base::Status rest(std::chrono::milliseconds time) = 0;
  // Any thread: why a call that goes on takes so long, in the user's words; empty where all is
  // well.
  [[nodiscard]] virtual std::string trouble() const { return {}; }
  // Any thread: what waits, now or later, returns with kCancelled.
  virtual void cancel() noexcept = 0;
};

}  // namespace headrace::sink
