// 10^9 items between two threads: minutes under ThreadSanitizer, so behind the label slow.
#include <headrace/ring/spsc_ring.hpp>

#include <array>
#include <cstdint>

#include "catch.hpp"
#include "hand_over.hpp"

namespace {

// One row of a benchmark: a cache line.
struct Row {
  std::array<std::uint64_t, 8> values{};
};

}  // namespace

TEST_CASE("10^9 items between two threads", "[ring]") {
  constexpr std::uint64_t kItems = 1'000'000'000;
  REQUIRE(headrace::testing::hand_over<std::uint64_t>(
              4096, 1024, kItems / 2, headrace::testing::same, headrace::testing::same) == 0);
  const auto row = [](std::uint64_t x) {
    Row made;
    made.values.fill(x);
    return made;
  };
  const auto value = [](const Row& r) { return r.values[7]; };
  REQUIRE(headrace::testing::hand_over<Row>(1024, 256, kItems / 2, row, value) == 0);
}
