#include <headrace/ops/average/ema.hpp>

#include <cmath>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("ema starts from the mean and moves by 2 / (timeperiod + 1)") {
  // Mean of 1, 2, 6 is 3, the weight 1/2.
  CHECK(same_bits(run("ema", {3}, {{1, 2, 6, 5, 0}}), {{std::nan(""), std::nan(""), 3, 4, 2}}));
  CHECK(same_bits(run("ema", {1}, {{4, 7}}), {{4, 7}}));
}

TEST_CASE("ema of a flat price is that price") {
  const Columns got = run("ema", {14}, {Values(1000, 0.1)});
  CHECK(nearly(got[0][13], 0.1, 1e-15));
  for (std::size_t row = 14; row < 1000; ++row) CHECK(got[0][row] == got[0][13]);
}

TEST_CASE("ema never lingers among the denormals") {
  Values values(60000, 0.0);
  values[0] = 1;
  const Columns got = run("ema", {5}, {values});
  CHECK(got[0][1000] > 0);
  CHECK(got[0].back() == 0);
  for (const double x : got[0]) CHECK((std::isnan(x) || x == 0 || x >= 1e-200));
}
