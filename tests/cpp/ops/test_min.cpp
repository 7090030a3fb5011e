#include <headrace/ops/stat/min.hpp>

#include <algorithm>
#include <cmath>
#include <span>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("min is the smallest of the last values") {
  const Values walk = prices(2000, 10);
  const auto definition = [](std::span<const double> w) { return *std::ranges::min_element(w); };
  for (const std::size_t n : {2U, 3U, 30U, 301U}) {
    const Columns got = run("min", {static_cast<double>(n)}, {walk});
    CHECK(same_bits(got, {over_windows(walk, n, definition)}));
  }
}

TEST_CASE("min forgets what left the window, rising and falling") {
  const Columns got = run("min", {2}, {{5, 4, 3, 4, 5, -5}});
  CHECK(same_bits(got, {{std::nan(""), 4, 3, 3, 4, -5}}));
}
