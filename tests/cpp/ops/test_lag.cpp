#include <headrace/ops/stat/lag.hpp>

#include <cmath>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("lag is the value so many values ago") {
  const double nan = std::nan("");
  CHECK(same_bits(run("lag", {1}, {{1, 2, 3}}), {{nan, 1, 2}}));
  CHECK(same_bits(run("lag", {3}, {{1, 2, 3, 4, 5}}), {{nan, nan, nan, 1, 2}}));
}

TEST_CASE("lag counts values: a gap is not one") {
  const double nan = std::nan("");
  CHECK(same_bits(run("lag", {1}, {{1, nan, 3, 4}}), {{nan, nan, 1, 3}}));
}
