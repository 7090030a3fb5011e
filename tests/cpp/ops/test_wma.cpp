#include <headrace/ops/average/wma.hpp>

#include <cmath>
#include <span>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("wma weighs the newest value most") {
  // (1*1 + 2*2 + 3*6) / 6 and (1*2 + 2*6 + 3*4) / 6
  const Columns got = run("wma", {3}, {{1, 2, 6, 4}});
  CHECK(largest_difference(got[0], {std::nan(""), std::nan(""), 23.0 / 6, 26.0 / 6}) < 1e-15);
}

TEST_CASE("wma agrees with its definition on a walk") {
  const Values walk = prices(3000, 1);
  for (const std::size_t n : {1U, 2U, 5U, 30U, 250U}) {
    const auto definition = [](std::span<const double> window) {
      long double sum = 0;
      long double weights = 0;
      for (std::size_t i = 0; i < window.size(); ++i) {
        sum += static_cast<long double>(i + 1) * window[i];
        weights += static_cast<long double>(i + 1);
      }
      return static_cast<double>(sum / weights);
    };
    const Columns got = run("wma", {static_cast<double>(n)}, {walk});
    CHECK(largest_difference(got[0], over_windows(walk, n, definition)) < 1e-11);
  }
}
