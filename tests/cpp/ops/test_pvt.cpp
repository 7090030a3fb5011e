#include <headrace/ops/volume/pvt.hpp>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("pvt adds volume times relative change, from 0") {
  CHECK(same_bits(run("pvt", {}, {{2, 3, 1.5}, {100, 10, 40}}), {{0, 5, -15}}));
}

TEST_CASE("no row can spoil pvt: changes from zero and beyond all reason add nothing") {
  const Columns from_zero = run("pvt", {}, {{2, 0, 5, 10}, {1, 1, 1, 1}});
  CHECK(same_bits(from_zero, {{0, -1, -1, 0}}));
  const Columns absurd = run("pvt", {}, {{1e-250, 1e90, 2e90}, {1, 1, 1}});
  CHECK(same_bits(absurd, {{0, 0, 1}}));
}
