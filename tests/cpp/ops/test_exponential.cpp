#include <headrace/ops/kernel/exponential.hpp>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("what is too small to matter becomes 0") {
  CHECK(ops::snap_to_zero(1e-201) == 0);
  CHECK(ops::snap_to_zero(-1e-201) == 0);
  CHECK(ops::snap_to_zero(1e-199) == 1e-199);
  CHECK(ops::snap_to_zero(-3.0) == -3.0);
}

TEST_CASE("an exponential step goes the given part of the way and rests on a constant") {
  CHECK(ops::exponential_step(10, 20, 0.25) == 12.5);
  CHECK(ops::exponential_step(0.1, 0.1, 2.0 / 15) == 0.1);
}
