#include <headrace/ops/stat/stddev.hpp>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("stddev agrees with its definition, scaled by nbdev") {
  const Values walk = prices(3000, 6);
  for (const std::size_t n : {2U, 5U, 20U, 300U}) {
    const Columns one = run("stddev", {static_cast<double>(n), 1}, {walk});
    CHECK(largest_difference(one[0], over_windows(walk, n, deviation_of)) < 1e-10);
    const Columns three = run("stddev", {static_cast<double>(n), 3}, {walk});
    CHECK(nearly(three[0][2999], 3 * one[0][2999], 1e-15));
  }
}

TEST_CASE("stddev keeps its figures under a large offset") {
  Values far = prices(500, 7);
  for (double& x : far) x = 0x1p40 + x * 0x1p10;  // exact but for the last cents
  Values near = far;
  for (double& x : near) x -= 0x1p40;
  const Values at_offset = run("stddev", {20, 1}, {far})[0];
  CHECK(same_bits({at_offset}, {run("stddev", {20, 1}, {near})[0]}));
}

TEST_CASE("stddev of a flat window is 0, also after a jump and for tiny prices") {
  CHECK(run("stddev", {3, 1}, {{1e9, 5, 0.7, 0.7, 0.7}})[0][4] == 0);
  CHECK(nearly(run("stddev", {2, 1}, {{1e-9, 3e-9}})[0][1], 1e-9, 1e-12));
}
