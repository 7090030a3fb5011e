#include <headrace/ops/momentum/macd.hpp>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("macd seeds its averages as TA-Lib does") {
  // TA-Lib 0.8.2, MACD(i * i, 2, 3, 2), rows 3 to 6.
  Values squares;
  for (int i = 0; i < 7; ++i) squares.push_back(i * i);
  const Columns got = run("macd", {2, 3, 2}, {squares});
  const Values line = {1.5, 2.2777777777777777, 3.1481481481481475, 4.0771604938271597};
  for (std::size_t i = 0; i < 4; ++i) CHECK(nearly(got[0][3 + i], line[i], 1e-13));
  CHECK(warm_up_of(got[0]) == 3);
  // The signal starts from the mean of the lines of rows 2 (5/6) and 3.
  CHECK(nearly(got[1][3], (5.0 / 6 + 1.5) / 2, 1e-14));
  CHECK(nearly(got[2][3], 1.5 - (5.0 / 6 + 1.5) / 2, 1e-14));
}

TEST_CASE("macd puts the shorter period first") {
  const Values walk = prices(300, 13);
  CHECK(same_bits(run("macd", {26, 12, 9}, {walk}), run("macd", {12, 26, 9}, {walk})));
}

TEST_CASE("macd of a flat price is 0") {
  for (const Values& output : run("macd", {12, 26, 9}, {Values(200, 64.0)})) {
    CHECK(output.back() == 0);
  }
}
