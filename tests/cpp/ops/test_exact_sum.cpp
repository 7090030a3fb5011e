#include <headrace/ops/kernel/exact_sum.hpp>

#include <limits>
#include <random>

#include "catch.hpp"

using namespace headrace;
using ops::ExactSum;

namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_CASE("sums go beyond int64 and come back") {
  ExactSum sum;
  CHECK(sum.value() == 0);
  for (int i = 0; i < 1'000; ++i) sum.add(kMax);
  CHECK_FALSE(sum.value());
  CHECK(sum.as_real() == 1'000 * 9223372036854775807.0);
  for (int i = 0; i < 1'000; ++i) sum.add(kMin);
  CHECK(sum.value() == -1'000);
  CHECK(sum.as_real() == -1'000);
}

TEST_CASE("the borders of int64 fit, and one more does not") {
  ExactSum most;
  most.add(kMax);
  CHECK(most.value() == kMax);
  most.add(1);
  CHECK_FALSE(most.value());
  CHECK(most.as_real() == 9223372036854775808.0);
  ExactSum least;
  least.add(kMin);
  CHECK(least.value() == kMin);
  least.add(-1);
  CHECK_FALSE(least.value());
  CHECK(least.as_real() == -9223372036854775808.0);
}

TEST_CASE("the order of terms, and their sums' sums, change nothing") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    ExactSum forward;
    ExactSum halves[2];
    std::vector<std::int64_t> terms(1 + random() % 60);
    for (std::int64_t& term : terms) term = static_cast<std::int64_t>(random());
    for (const std::int64_t term : terms) forward.add(term);
    for (std::size_t i = terms.size(); i > 0; --i) halves[random() % 2].add(terms[i - 1]);
    halves[0].add(halves[1]);
    CHECK(halves[0].low == forward.low);
    CHECK(halves[0].high == forward.high);
  }
}

TEST_CASE("small negative sums are exact as reals") {
  ExactSum sum;
  sum.add(-5);
  CHECK(sum.as_real() == -5);
}
