#include <headrace/ops/kernel/delay_line.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("a delay line gives back what went in n pushes ago") {
  for (const std::size_t n : {1U, 2U, 5U}) {
    std::vector<double> slots(n, std::nan(""));
    ops::DelayLine::State state;
    for (std::size_t i = 0; i < 20; ++i) {
      const double before = ops::DelayLine::push(state, slots.data(), n, static_cast<double>(i));
      if (i < n) {
        CHECK(std::isnan(before));
      } else {
        CHECK(before == static_cast<double>(i - n));
      }
      CHECK(state.position < n);
    }
  }
}
