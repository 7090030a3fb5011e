#include <headrace/ops/kernel/gap.hpp>

#include <bit>
#include <cstdint>
#include <limits>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("a value is a finite number of a size that something can have") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double x : {0.0, -0.0, 1.5, -1e99, 9.9e99, 5e-324}) CHECK(ops::is_value(x));
  for (const double x : {ops::kNaN, kInfinity, -kInfinity, 1e100, -1e300}) CHECK(!ops::is_value(x));
}

TEST_CASE("every NaN becomes the same NaN") {
  const double odd = std::bit_cast<double>(0xFFF8000000000123ULL);
  CHECK(std::bit_cast<std::uint64_t>(ops::canonical(odd)) ==
        std::bit_cast<std::uint64_t>(ops::kNaN));
  CHECK(ops::canonical(2.5) == 2.5);
}
