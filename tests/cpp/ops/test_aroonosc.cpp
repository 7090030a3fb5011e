#include <headrace/ops/momentum/aroonosc.hpp>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("aroonosc is aroon up minus aroon down") {
  const auto* info = ops::find_indicator("aroonosc");
  const Columns inputs = market(*info, 2000, 15, false);
  for (const double n : {2.0, 14.0, 100.0}) {
    const Columns both = run("aroon", {n}, inputs);
    Values difference(inputs[0].size());
    for (std::size_t i = 0; i < difference.size(); ++i) difference[i] = both[1][i] - both[0][i];
    CHECK(largest_difference(run("aroonosc", {n}, inputs)[0], difference) < 1e-12);
  }
}
