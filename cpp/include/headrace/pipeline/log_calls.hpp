// A transactional log on the other side of a counter: a directory of files or a database, written
// by a thread that belongs to the interpreter.
//
// The core never enters the interpreter: who needs something of the log lays a call down and waits;
// a thread of the interpreter's own takes it and lays the answer down. What is written stays here
// until the commit, which hands rows, dead letters and positions over as a whole. To make that one
// atomic step, whatever dies meanwhile, is the other side's part.
//
// There is one thread that answers, in the order of the calls. So what a call that was given up
// has done after all is there for the next one to see.
//
// Thread contract: as TransactionLog; mark_of by any thread; take, answer and busy by the
//   interpreter's thread; close by any.
// Cost: two hand-overs between threads and a copy of the rows a commit.
// Lifetime: shared by the engine of one run and the interpreter's thread.
//
//   delivery:     log->write(output); log->send_positions("", positions); log->commit();
//   interpreter:  if (auto call = log->take(100ms)) log->answer(call->id, ...);
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <headrace/pipeline/frame_store.hpp>
#include <headrace/sink/transaction_log.hpp>

namespace headrace::pipeline {

class LogCalls final : public sink::TransactionLog {
 public:
  enum class Kind : std::uint8_t { kOpen, kCommitted, kCommit };
  struct Call {
    std::uint64_t id = 0;
    Kind kind = Kind::kOpen;
    std::vector<sink::Partition> partitions;  // kCommitted: whose marks are asked for
    std::vector<sink::Position> positions;    // kCommit
    std::vector<sink::Output> outputs;        // kCommit
  };
  using Answer = base::Result<std::vector<sink::Mark>>;  // marks of kCommitted, else none

  // `name`: of the log, in the user's words: the directory "results".
  explicit LogCalls(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] base::Status init() override;
  [[nodiscard]] base::Status begin() override;
  [[nodiscard]] base::Status write(const sink::Output& output) override;
  [[nodiscard]] base::Status flush() override;
  [[nodiscard]] base::Result<std::string> membership() override;
  [[nodiscard]] base::Status send_positions(const std::string& membership,
                                            std::span<const sink::Position> positions) override;
  [[nodiscard]] base::Status commit() override;
  [[nodiscard]] base::Result<std::vector<sink::Mark>> committed(
      std::span<const sink::Partition> partitions) override;
  void renew() noexcept override;
  [[nodiscard]] base::Status rest(std::chrono::milliseconds time) override;
  [[nodiscard]] std::string trouble() const override;
  void cancel() noexcept override;

  // What is committed of a partition; asks again where that may help.
  [[nodiscard]] base::Result<sink::Mark> mark_of(const sink::Partition& partition);

  // The oldest call that waits; nothing at the timeout, or once closed.
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

  [[nodiscard]] Answer ask(Call call);
  [[nodiscard]] bool over() const noexcept { return cancelled_ || closed_; }  // under the mutex

  const std::string name_;
  // Of the open transaction; by the delivery thread alone.
  std::vector<sink::Output> outputs_;
  std::vector<sink::Position> positions_;

  mutable std::mutex mutex_;
  std::condition_variable laid_down_;  // for take
  std::condition_variable answered_;   // for ask and rest
  std::deque<Call> waiting_;
  struct Open {
    Clock::time_point since;
    std::optional<Answer> answer;
  };
  std::map<std::uint64_t, Open> open_;  // calls not returned yet
  std::uint64_t next_id_ = 0;
  std::uint64_t taken_ = 0;  // and not answered yet
  bool cancelled_ = false;
  bool closed_ = false;
};

// The rows of all outputs in their order, contiguous; nothing where there are none.
[[nodiscard]] std::optional<Frame> rows_of(std::span<const sink::Output> outputs);

}  // namespace headrace::pipeline
