// The way of results into a transactional log: a queue, and the thread that works it off.
//
// Compute threads put outputs in as they come; a cut behind them ends a transaction. What is in the
// queue before a cut is in its transaction, what comes after it is not. When the queue is full,
// those who bring outputs wait, so that memory stays bounded while a broker is away.
//
// Thread contract: start, stop, destruction by the engine; push by compute threads; assigned and
//   cut by any thread; status by any.
// Cost: a lock and a pointer an output.
//
//   delivery.start();                                   // fences former lives, then calls opened
//   delivery.push({.origin = {task, epoch}, .rows = batch});
//   delivery.cut({.positions = positions, .done = [] {...}});
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <headrace/pipeline/lifecycle.hpp>
#include <headrace/sink/committer.hpp>

namespace headrace::pipeline {

class Delivery {
 public:
  // Outputs that wait before those who bring them do: enough for a commit that takes long.
  static constexpr std::size_t kMostRows = 1U << 18U;

  struct Cut {
    std::vector<sink::Position> positions;
    std::function<void()> done;  // on the delivery thread, once committed
  };
  struct Status {
    std::uint64_t commits = 0;
    double commit_seconds = 0;  // the last one took, from the cut on
    std::uint64_t renewals = 0;
    std::string message;  // what it waits for; empty: for nothing
  };

  // `opened` is called on the delivery thread once nobody else writes under our name.
  Delivery(std::shared_ptr<sink::TransactionLog> log, sink::Committer::IsOurs is_ours,
           Lifecycle& life, std::function<void()> opened);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  void start();
  // What waits is still worked off; what cannot be is left, and its positions with it.
  void finish();
  void cancel() noexcept;  // nothing is waited for any more
  void join();

  // Waits for room; kCancelled where the run is ending.
  [[nodiscard]] base::Status push(sink::Output output);
  void assigned(const sink::Partition& partition, const sink::Origin& origin, sink::Mark mark);
  void cut(Cut cut);
  [[nodiscard]] Status status() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Assigned {
    sink::Partition partition;
    sink::Origin origin;
    sink::Mark mark;
  };
  struct Marker {
    Cut cut;
    Clock::time_point since;
  };
  using Item = std::variant<sink::Output, Assigned, Marker>;

  void work();
  [[nodiscard]] base::Status handle(Item& item);
  [[nodiscard]] bool next(Item& item);
  void put(Item item);
  void say(std::string message);

  std::shared_ptr<sink::TransactionLog> log_;
  Lifecycle& life_;
  std::function<void()> opened_;
  sink::Committer committer_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // something to do, or room
  std::deque<Item> items_;
  std::size_t rows_ = 0;  // in items_
  bool finishing_ = false;
  bool over_ = false;
  std::atomic<bool> cancelled_{false};
  Status status_;  // under the mutex
  std::thread thread_;
};

}  // namespace headrace::pipeline
