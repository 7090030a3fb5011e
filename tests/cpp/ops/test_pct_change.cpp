#include <headrace/ops/stat/pct_change.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("pct_change is relative to the value so many values ago") {
  const double nan = std::nan("");
  CHECK(same_bits(run("pct_change", {1}, {{2, 3, 1.5}}), {{nan, 0.5, -0.5}}));
  CHECK(same_bits(run("pct_change", {2}, {{2, 3, 4}}), {{nan, nan, 1}}));
}

TEST_CASE("pct_change from zero is infinite, from zero to zero it has no value") {
  const Columns got = run("pct_change", {1}, {{0, 3, 0, 0}});
  CHECK(got[0][1] == std::numeric_limits<double>::infinity());
  CHECK(got[0][2] == -1);
  CHECK(std::isnan(got[0][3]));
}
