#include <headrace/ops/kernel/block_window.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <limits>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace headrace;

namespace {

std::vector<double> fresh(std::size_t slots) {
  return std::vector<double>(slots, std::numeric_limits<double>::quiet_NaN());
}

}  // namespace

TEST_CASE("the origin of a block sum lies in the window, so distances stay within its range") {
  constexpr std::size_t kRows = 6;
  auto slots = fresh(kRows);
  ops::BlockSum::State state;
  std::minstd_rand random(3);
  std::deque<double> window;
  for (int i = 0; i < 500; ++i) {
    const double x = static_cast<double>(random() % 100) + (i > 250 ? 1e9 : 0);
    ops::BlockSum::push(state, slots.data(), kRows, x);
    window.push_back(x);
    if (window.size() > kRows) window.pop_front();
    if (window.size() < kRows) continue;
    CHECK(std::ranges::find(window, state.origin) != window.end());
    double sum = 0;  // of whole numbers: exact
    for (const double w : window) sum += w - state.origin;
    CHECK(ops::BlockSum::total(state, slots.data()) == sum);
  }
}

TEST_CASE("block moments never give a negative variance") {
  constexpr std::size_t kRows = 5;
  auto slots = fresh(2 * kRows);
  ops::BlockMoments::State state;
  std::mt19937_64 random(4);
  for (int i = 0; i < 20000; ++i) {
    const double scale = std::pow(10.0, static_cast<double>(random() % 340) - 320.0);
    const double x = scale * static_cast<double>(random() % 7);
    ops::BlockMoments::push(state, slots.data(), kRows, x);
    if (i + 1 < static_cast<int>(kRows)) continue;
    CHECK(ops::BlockMoments::moments(state, slots.data(), 1.0 / kRows).variance >= 0);
  }
}

TEST_CASE("a block sum of one row is that row") {
  auto slots = fresh(1);
  ops::BlockSum::State state;
  for (const double x : {3.0, 0.1, -7.0}) {
    ops::BlockSum::push(state, slots.data(), 1, x);
    CHECK(state.origin == x);
    CHECK(ops::BlockSum::total(state, slots.data()) == 0);
  }
}

TEST_CASE("block sums, moments, weighted sums and extrema are NaN until the window is full") {
  constexpr std::size_t kRows = 4;
  auto sum_slots = fresh(kRows);
  auto moment_slots = fresh(2 * kRows);
  auto weighted_slots = fresh(kRows);
  auto max_slots = fresh(kRows);
  ops::BlockSum::State sum;
  ops::BlockMoments::State moments;
  ops::BlockWeighted::State weighted;
  ops::BlockMax::State max;
  for (std::size_t i = 1; i <= 10; ++i) {
    const auto x = static_cast<double>(i);
    ops::BlockSum::push(sum, sum_slots.data(), kRows, x);
    ops::BlockMoments::push(moments, moment_slots.data(), kRows, x);
    ops::BlockWeighted::push(weighted, weighted_slots.data(), kRows, x);
    const double largest = ops::BlockMax::push(max, max_slots.data(), kRows, x);
    const bool full = i >= kRows;
    CHECK(std::isnan(ops::BlockSum::total(sum, sum_slots.data())) != full);
    CHECK(std::isnan(ops::BlockMoments::moments(moments, moment_slots.data(), 0.25).variance) !=
          full);
    CHECK(std::isnan(ops::BlockWeighted::total(weighted, weighted_slots.data(), kRows)) != full);
    CHECK(std::isnan(largest) != full);
    if (full) CHECK(largest == x);
  }
}
