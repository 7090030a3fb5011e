#include <headrace/ops/volatility/atr.hpp>

#include <cmath>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("atr is Wilder's average of true ranges") {
  // True ranges from row 1: 2, 4 (gap from close 11 to low 7), 3; the seed is their mean of two.
  const Values high = {10, 12, 9, 10};
  const Values low = {8, 10, 7, 9};
  const Values close = {10, 11, 7, 9};
  const Columns got = run("atr", {2}, {high, low, close});
  CHECK(largest_difference(got[0], {std::nan(""), std::nan(""), 3, 3}) == 0);
}

TEST_CASE("atr of one row is the true range") {
  const Columns got = run("atr", {1}, {{10, 12, 9}, {8, 10, 7}, {10, 11, 7}});
  CHECK(same_bits(got, {{std::nan(""), 2, 4}}));
}

TEST_CASE("atr of a market that stands still goes to 0 without denormals") {
  const Values price(60000, 5.0);
  Values high = price;
  high[1] = 6;
  const Columns got = run("atr", {14}, {high, price, price});
  CHECK(got[0].back() == 0);
  for (const double x : got[0]) CHECK((std::isnan(x) || x == 0 || x >= 1e-200));
}
