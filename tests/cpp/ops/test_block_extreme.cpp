#include <headrace/ops/kernel/block_extreme.hpp>

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("positions of the extremes lie in the window, the most recent of equal ones") {
  constexpr std::size_t kRows = 5;
  std::vector<double> slots(ops::BlockExtreme::kSlot * kRows, std::nan(""));
  ops::BlockExtreme::State state;
  std::minstd_rand random(6);
  std::vector<double> highs;
  std::vector<double> lows;
  for (std::size_t i = 0; i < 2000; ++i) {
    highs.push_back(static_cast<double>(random() % 4));
    lows.push_back(static_cast<double>(random() % 4));
    const auto at = ops::BlockExtreme::push(state, slots.data(), kRows, highs.back(), lows.back());
    if (i + 1 < kRows) {
      CHECK(std::isnan(at.high));
      CHECK(std::isnan(at.low));
      continue;
    }
    std::size_t high = i;
    std::size_t low = i;
    for (std::size_t ago = 1; ago < kRows; ++ago) {
      if (highs[i - ago] > highs[high]) high = i - ago;
      if (lows[i - ago] < lows[low]) low = i - ago;
    }
    CHECK(at.newest - at.high == static_cast<double>(i - high));
    CHECK(at.newest - at.low == static_cast<double>(i - low));
  }
}
