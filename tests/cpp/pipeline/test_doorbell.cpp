#include <headrace/pipeline/doorbell.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "catch.hpp"

using headrace::pipeline::Doorbell;

TEST_CASE("a ring before the wait is not lost, several count as one") {
  Doorbell bell;
  bell.ring();
  bell.ring();
  bell.wait();  // returns, or the test hangs
  std::atomic<bool> back{false};
  std::thread sleeper([&] {
    bell.wait();
    back = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(back);
  bell.ring();
  sleeper.join();
  CHECK(back);
}

TEST_CASE("what was made visible before a ring is seen after the wait, from several ringers") {
  constexpr int kRounds = 20'000;
  Doorbell bell;
  std::atomic<int> made[2] = {0, 0};
  std::vector<std::thread> ringers;
  for (auto& counter : made) {
    ringers.emplace_back([&] {
      for (int i = 1; i <= kRounds; ++i) {
        counter.store(i, std::memory_order_relaxed);
        bell.ring();
      }
    });
  }
  // Ends only if the last ring of each is noticed.
  while (made[0].load(std::memory_order_relaxed) + made[1].load(std::memory_order_relaxed) <
         2 * kRounds) {
    bell.wait();
  }
  for (std::thread& ringer : ringers) ringer.join();
  CHECK(made[0] == kRounds);
}
