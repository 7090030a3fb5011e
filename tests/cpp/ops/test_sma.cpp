#include <headrace/ops/average/sma.hpp>

#include <cmath>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("sma is the mean of the last values") {
  CHECK(same_bits(run("sma", {2}, {{1, 3, 5, 9}}), {{std::nan(""), 2, 4, 7}}));
  const Values walk = prices(3000, 1);
  for (const std::size_t n : {1U, 2U, 3U, 20U, 333U}) {
    const Columns got = run("sma", {static_cast<double>(n)}, {walk});
    CHECK(largest_difference(got[0], over_windows(walk, n, mean_of)) < 1e-11);
  }
}

TEST_CASE("sma of a flat price is that price, after anything") {
  Values values = prices(100, 2);
  values.insert(values.end(), 50, 0.1);
  const Columns got = run("sma", {20}, {values});
  for (std::size_t row = 120; row < values.size(); ++row) CHECK(got[0][row] == 0.1);
}

TEST_CASE("what leaves the window of sma leaves no rounding error behind") {
  const Columns got = run("sma", {4}, {{1, 1e16, 1, 1, 1, 1, 1}});
  CHECK(got[0][5] == 1);
}
