#include <headrace/ops/stat/sum.hpp>

#include <cmath>
#include <cstdint>
#include <span>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("sum agrees with its definition") {
  CHECK(same_bits(run("sum", {2}, {{1, 3, 5}}), {{std::nan(""), 4, 8}}));
  const Values walk = prices(3000, 9);
  const auto definition = [](std::span<const double> w) {
    return mean_of(w) * static_cast<double>(w.size());
  };
  const Columns got = run("sum", {30}, {walk});
  CHECK(largest_difference(got[0], over_windows(walk, 30, definition)) < 1e-9);
}

TEST_CASE("sum of whole numbers is exact") {
  Values volumes;
  for (int i = 0; i < 500; ++i) volumes.push_back(static_cast<double>((i * 7919LL) % 1000) * 1e12);
  const auto exact = [](std::span<const double> w) {
    std::int64_t sum = 0;
    for (const double v : w) sum += static_cast<std::int64_t>(v);
    return static_cast<double>(sum);
  };
  CHECK(same_bits(run("sum", {7}, {volumes}), {over_windows(volumes, 7, exact)}));
}
