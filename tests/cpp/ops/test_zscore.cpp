#include <headrace/ops/stat/zscore.hpp>

#include <cmath>
#include <span>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("zscore is the distance from the mean in deviations") {
  const Values walk = prices(1000, 8);
  const auto definition = [](std::span<const double> w) {
    return (w.back() - mean_of(w)) / deviation_of(w);
  };
  const Columns got = run("zscore", {20}, {walk});
  // The stretch in the middle is flat.
  for (std::size_t row = 19; row < 500; ++row) {
    CHECK(nearly(got[0][row], over_windows(walk, 20, definition)[row], 1e-10));
    row += 6;
  }
}

TEST_CASE("zscore has no value where the window is flat") {
  CHECK(std::isnan(run("zscore", {3}, {Values(5, 0.1)})[0][4]));
}
