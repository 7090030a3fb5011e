#include <headrace/ops/volatility/bbands.hpp>

#include <cmath>
#include <span>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("bbands are the mean and deviations of the population around it") {
  // Of 2, 4, 6: mean 4, variance 8/3.
  const Columns got = run("bbands", {3, 2, 1}, {{2, 4, 6}});
  CHECK(nearly(got[0][2], 4 + 2 * std::sqrt(8.0 / 3), 1e-15));
  CHECK(got[1][2] == 4);
  CHECK(nearly(got[2][2], 4 - std::sqrt(8.0 / 3), 1e-15));
}

TEST_CASE("bbands agree with their definition on a walk") {
  const Values walk = prices(3000, 4);
  for (const std::size_t n : {2U, 5U, 20U, 300U}) {
    const Columns got = run("bbands", {static_cast<double>(n), 2, 1.5}, {walk});
    const auto band = [](double deviations) {
      return [deviations](std::span<const double> w) {
        return mean_of(w) + deviations * deviation_of(w);
      };
    };
    CHECK(largest_difference(got[0], over_windows(walk, n, band(2))) < 1e-10);
    CHECK(largest_difference(got[1], over_windows(walk, n, mean_of)) < 1e-11);
    CHECK(largest_difference(got[2], over_windows(walk, n, band(-1.5))) < 1e-10);
  }
}

TEST_CASE("bbands of a flat price close on it exactly") {
  Values values = prices(60, 5);
  values.insert(values.end(), 40, 0.3);
  for (const Values& band : run("bbands", {20, 2, 2}, {values})) CHECK(band.back() == 0.3);
}
