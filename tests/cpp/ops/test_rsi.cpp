#include <headrace/ops/momentum/rsi.hpp>

#include <cmath>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("rsi weighs gains against losses") {
  // Seed: gains 2, 0 and losses 0, 1: averages 1 and 0.5. Then a gain of 3: 2 and 0.25.
  const Columns got = run("rsi", {2}, {{10, 12, 11, 14}});
  CHECK(nearly(got[0][2], 100 * 1 / 1.5, 1e-15));
  CHECK(nearly(got[0][3], 100 * 2 / 2.25, 1e-15));
  CHECK(std::isnan(got[0][1]));
}

TEST_CASE("rsi is 100 when all rises, 0 when all falls or nothing moves") {
  CHECK(run("rsi", {3}, {{1, 2, 3, 4, 5}})[0].back() == 100);
  CHECK(run("rsi", {3}, {{5, 4, 3, 2, 1}})[0].back() == 0);
  CHECK(run("rsi", {3}, {Values(10, 5.0)})[0].back() == 0);
}

// TA-Lib ends at 50 here, when both averages have got stuck among the denormals.
TEST_CASE("rsi holds on a price that stands still for as long as it may") {
  Values values = prices(100, 12);
  values.resize(100000, values.back());
  const Columns got = run("rsi", {14}, {values});
  for (std::size_t row = 100; row < values.size(); ++row) {
    REQUIRE(nearly(got[0][row], got[0][99], 1e-9));
  }
  values.push_back(values.back() + 0.01);
  CHECK(nearly(run("rsi", {14}, {values})[0].back(), 100, 1e-12));
}
