#include <headrace/pipeline/delivery.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace headrace;
using namespace headrace::pipeline;
using namespace std::chrono_literals;

namespace {

// Notes what it is told; holds up commits for as long as a test likes.
class Log final : public sink::TransactionLog {
 public:
  base::Status init() override { return note("init"); }
  base::Status begin() override { return note("begin"); }
  base::Status write(const sink::Output&) override { return note("write"); }
  base::Status flush() override { return note("flush"); }
  base::Result<std::string> membership() override { return std::string("me"); }
  base::Status send_positions(const std::string&, std::span<const sink::Position> p) override {
    const std::lock_guard lock(mutex_);
    for (const sink::Position& one : p) marks_[one.partition] = one.mark;
    return {};
  }
  base::Status commit() override {
    std::unique_lock lock(mutex_);
    free_.wait(lock, [this] { return !held_ || cancelled_; });
    if (cancelled_) return stopped();
    lock.unlock();
    return note("commit");
  }
  base::Result<std::vector<sink::Mark>> committed(
      std::span<const sink::Partition> partitions) override {
    return std::vector<sink::Mark>(partitions.size());
  }
  void renew() noexcept override {}
  base::Status rest(std::chrono::milliseconds) override { return {}; }
  void cancel() noexcept override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    free_.notify_all();
  }

  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    free_.notify_all();
  }
  [[nodiscard]] std::vector<std::string> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  static base::Error stopped() { return {.code = base::ErrorCode::kCancelled, .message = "stop"}; }
  base::Status note(const char* what) {
    const std::lock_guard lock(mutex_);
    calls_.emplace_back(what);
    return {};
  }

  mutable std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::string> calls_;
  std::map<sink::Partition, sink::Mark> marks_;
  bool held_ = false;
  bool cancelled_ = false;
};

struct House {
  std::shared_ptr<Log> log = std::make_shared<Log>();
  std::atomic<bool> opened{false};
  Lifecycle life{[] {}, [] {}};
  Delivery delivery{log, [](const sink::Origin&) { return true; }, life, [this] { opened = true; }};
};

sink::Output dead_letters(std::size_t count) {
  return {.origin = {},
          .rows = nullptr,
          .rejects = std::make_shared<const record::Rejects>(record::Rejects(count))};
}

sink::Position position(std::int64_t offset) {
  return {.partition = {"stocks", 0},
          .origin = {},
          .mark = {.offset = offset, .metadata = std::to_string(offset)}};
}

template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 5'000 && !condition(); ++i) std::this_thread::sleep_for(1ms);
  return condition();
}

}  // namespace

TEST_CASE("delivery: what is before a cut is in its transaction, what comes after is not") {
  House house;
  std::atomic<int> done{0};
  house.delivery.start();
  REQUIRE(soon([&] { return house.opened.load(); }));
  REQUIRE(house.delivery.push(dead_letters(1)).ok());
  house.delivery.cut({.positions = {position(10)}, .done = [&] { ++done; }});
  REQUIRE(house.delivery.push(dead_letters(1)).ok());
  house.delivery.cut({.positions = {position(20)}, .done = [&] { ++done; }});
  REQUIRE(soon([&] { return done == 2; }));
  const std::vector<std::string> transaction{"begin", "write", "flush", "commit"};
  std::vector<std::string> expected{"init"};
  for (int i = 0; i < 2; ++i) {
    expected.insert(expected.end(), transaction.begin(), transaction.end());
  }
  CHECK(house.log->calls() == expected);
  CHECK(house.delivery.status().commits == 2);
}

TEST_CASE("delivery: those who bring outputs wait while the queue is full, and until a stop") {
  House house;
  house.log->hold(true);
  house.delivery.start();
  REQUIRE(house.delivery.push(dead_letters(1)).ok());
  house.delivery.cut({.positions = {position(10)}, .done = {}});
  REQUIRE(house.delivery.push(dead_letters(Delivery::kMostRows)).ok());
  std::atomic<bool> in{false};
  std::thread bringer([&] { in = house.delivery.push(dead_letters(1)).ok(); });
  std::this_thread::sleep_for(50ms);
  CHECK_FALSE(in.load());
  house.log->hold(false);
  bringer.join();
  CHECK(in.load());
  house.delivery.cancel();
  CHECK(house.delivery.push(dead_letters(1)).error().code == base::ErrorCode::kCancelled);
}
