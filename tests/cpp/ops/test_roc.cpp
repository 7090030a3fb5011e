#include <headrace/ops/momentum/roc.hpp>

#include <cmath>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("roc is the change in percent, and 0 from zero as in TA-Lib") {
  const double nan = std::nan("");
  CHECK(same_bits(run("roc", {1}, {{2, 3, 1.5, 0, 4}}), {{nan, 50, -50, -100, 0}}));
  CHECK(same_bits(run("roc", {2}, {{2, 3, 4}}), {{nan, nan, 100}}));
}
