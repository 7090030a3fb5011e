#include <headrace/ring/spsc_ring.hpp>

#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <vector>

#include "catch.hpp"
#include "hand_over.hpp"

using headrace::ring::SpscRing;
using headrace::testing::hand_over;
using headrace::testing::same;

TEST_CASE("capacity is rounded up to a power of two", "[ring]") {
  REQUIRE(SpscRing<int>(0).capacity() == 1);
  REQUIRE(SpscRing<int>(1).capacity() == 1);
  REQUIRE(SpscRing<int>(3).capacity() == 4);
  REQUIRE(SpscRing<int>(64).capacity() == 64);
}

TEST_CASE("first in, first out, across every position of the seam", "[ring]") {
  for (const std::size_t capacity : {1U, 2U, 3U, 4U, 8U}) {
    for (std::size_t back = 0; back < 10; ++back) {
      SpscRing<int> ring(capacity, std::numeric_limits<std::size_t>::max() - back);
      int next_in = 0;
      int next_out = 0;
      for (int round = 0; round < 20; ++round) {
        int in = next_in;
        while (ring.try_push(std::move(in))) in = ++next_in;
        REQUIRE(ring.size() == ring.capacity());
        for (int taken = 0; taken <= round % static_cast<int>(ring.capacity()); ++taken) {
          int out = -1;
          REQUIRE(ring.try_pop(out));
          REQUIRE(out == next_out++);
        }
      }
    }
  }
}

TEST_CASE("a block is pushed and popped as far as it fits", "[ring]") {
  SpscRing<int> ring(8, std::numeric_limits<std::size_t>::max() - 4);
  std::vector<int> items(11);
  std::iota(items.begin(), items.end(), 0);
  REQUIRE(ring.push(items) == 8);
  REQUIRE(ring.push(items) == 0);
  std::vector<int> out(5, -1);
  REQUIRE(ring.pop(out) == 5);
  REQUIRE(out == std::vector<int>{0, 1, 2, 3, 4});
  REQUIRE(ring.push({items.data() + 8, 3}) == 3);
  std::vector<int> rest(20, -1);
  REQUIRE(ring.pop(rest) == 6);
  REQUIRE(std::vector<int>(rest.begin(), rest.begin() + 6) == std::vector<int>{5, 6, 7, 8, 9, 10});
  REQUIRE(ring.pop(rest) == 0);
  REQUIRE(ring.size() == 0);
}

TEST_CASE("an item that was not taken stays with its owner", "[ring]") {
  SpscRing<std::unique_ptr<int>> ring(1);
  REQUIRE(ring.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  REQUIRE_FALSE(ring.try_push(std::move(second)));
  REQUIRE(*second == 2);  // NOLINT(bugprone-use-after-move): that is the promise
}

TEST_CASE("what is left in the ring is destroyed with it, what was popped is let go", "[ring]") {
  const auto tracked = std::make_shared<int>(1);
  {
    SpscRing<std::shared_ptr<int>> ring(4);
    for (int i = 0; i < 3; ++i) REQUIRE(ring.try_push(std::shared_ptr<int>(tracked)));
    std::shared_ptr<int> out;
    REQUIRE(ring.try_pop(out));
    out.reset();
    REQUIRE(tracked.use_count() == 3);
  }
  REQUIRE(tracked.use_count() == 1);
}

TEST_CASE("two threads, small rings, any block sizes", "[ring]") {
  for (const std::size_t capacity : {1U, 2U, 8U, 1024U}) {
    REQUIRE(hand_over<std::uint64_t>(capacity, 17, 200'000, same, same) == 0);
  }
  REQUIRE(hand_over<std::unique_ptr<std::uint64_t>>(
              64, 5, 100'000, [](std::uint64_t x) { return std::make_unique<std::uint64_t>(x); },
              [](const auto& p) { return *p; }) == 0);
}
