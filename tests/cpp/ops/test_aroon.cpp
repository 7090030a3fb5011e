#include <headrace/ops/momentum/aroon.hpp>

#include <cmath>
#include <functional>
#include <span>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("aroon counts the rows since the lowest low and the highest high") {
  // TA-Lib 0.8.2 on the same numbers, ties included.
  const Values price = {1, 0, 2, 0, 3, 3, 3, 2, 2, 5};
  const double nan = std::nan("");
  const Columns got = run("aroon", {4}, {price, price});
  CHECK(same_bits(got, {{nan, nan, nan, nan, 75, 50, 25, 0, 100, 75},
                        {nan, nan, nan, nan, 100, 100, 100, 75, 50, 100}}));
}

TEST_CASE("aroon agrees with a search through the window") {
  const auto* info = ops::find_indicator("aroon");
  for (const double n : {2.0, 3.0, 25.0, 200.0}) {
    const Columns inputs = market(*info, 2000, 14, false);
    const auto rows = static_cast<std::size_t>(n) + 1;
    const auto since = [n](auto is_better) {
      return [n, is_better](std::span<const double> w) {
        std::size_t best = 0;
        for (std::size_t i = 1; i < w.size(); ++i) {
          if (!is_better(w[best], w[i])) best = i;
        }
        return 100.0 / n * (n - static_cast<double>(w.size() - 1 - best));
      };
    };
    const Columns got = run("aroon", {n}, inputs);
    CHECK(same_bits({got[0]}, {over_windows(inputs[1], rows, since(std::less<>()))}));
    CHECK(same_bits({got[1]}, {over_windows(inputs[0], rows, since(std::greater<>()))}));
  }
}
