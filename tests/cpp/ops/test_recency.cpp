#include <headrace/ops/window/recency.hpp>

#include <algorithm>
#include <random>

#include "catch.hpp"

using namespace headrace;
using ops::Recency;

TEST_CASE("ids by how long ago they were touched, against a plain list") {
  std::mt19937 random(13);
  Recency recency;
  std::vector<std::uint32_t> expected;  // oldest first
  CHECK(recency.oldest() == Recency::kNone);
  for (int step = 0; step < 20'000; ++step) {
    const auto id = static_cast<std::uint32_t>(random() % 12);
    std::erase(expected, id);
    if (random() % 4 == 0) {
      recency.remove(id);
    } else {
      recency.touch(id);
      expected.push_back(id);
    }
    REQUIRE(recency.oldest() == (expected.empty() ? Recency::kNone : expected.front()));
    REQUIRE(recency.oldest_first() == expected);
  }
}
