#include <headrace/ops/volume/obv.hpp>

#include <cmath>

#include "catch.hpp"
#include "ops/indicators.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("obv adds the volume of a rise and takes away that of a fall") {
  // TA-Lib 0.8.2 on the same numbers.
  const Columns got =
      run("obv", {}, {{1, 0, 2, 0, 3, 3, 3, 2, 2, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}});
  CHECK(same_bits(got, {{1, -1, 2, -2, 3, 3, 3, -5, -5, 5}}));
}

TEST_CASE("obv loses nothing beyond 2^53") {
  Values price;
  Values volume;
  for (int i = 0; i <= 1000; ++i) {
    price.push_back(i);
    volume.push_back(i == 0 ? 0x1p60 : 1);
  }
  CHECK(run("obv", {}, {price, volume})[0].back() == 0x1p60 + 1024);  // 2^60 + 1000, rounded once
}

TEST_CASE("obv takes a row without price or volume for a gap") {
  const double nan = std::nan("");
  const Columns got = run("obv", {}, {{1, 2, nan, 3}, {10, nan, 5, 7}});
  CHECK(same_bits(got, {{10, nan, nan, 17}}));
}
