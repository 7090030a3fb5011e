#include <headrace/ops/kernel/moments.hpp>

#include <cmath>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace headrace;

namespace {

bool near(double found, double expected, double tolerance) {
  return std::abs(found - expected) <= tolerance * std::abs(expected);
}

// In more digits, by the definition.
struct Powers {
  long double m2 = 0;
  long double m3 = 0;
  long double m4 = 0;
};

Powers by_definition(const std::vector<double>& values) {
  long double mean = 0;
  for (const double x : values) mean += x;
  mean /= static_cast<long double>(values.size());
  Powers sums;
  for (const double x : values) {
    const long double d = x - mean;
    sums.m2 += d * d;
    sums.m3 += d * d * d;
    sums.m4 += d * d * d * d;
  }
  return sums;
}

std::vector<double> drawn(std::mt19937& random, std::size_t size, double centre) {
  std::exponential_distribution<double> skewed(0.5);
  std::vector<double> values(size);
  for (double& x : values) x = centre + skewed(random);
  return values;
}

}  // namespace

TEST_CASE("moments are those of the definition, around zero and around 1e6") {
  std::mt19937 random(7);
  for (const double centre : {0.0, 1e6}) {
    for (const std::size_t size : {2U, 3U, 50U, 5'000U}) {
      const std::vector<double> values = drawn(random, size, centre);
      ops::Moments2 two;
      ops::Moments4 four;
      for (const double x : values) {
        two.add(x);
        four.add(x);
      }
      const Powers expected = by_definition(values);
      const double tolerance = centre == 0 ? 1e-12 : 1e-8;  // 1e6 costs six digits of the values
      CHECK(near(two.m2, static_cast<double>(expected.m2), tolerance));
      CHECK(near(four.m2, static_cast<double>(expected.m2), tolerance));
      CHECK(near(four.m4, static_cast<double>(expected.m4), tolerance));
      if (size > 2) CHECK(near(four.m3, static_cast<double>(expected.m3), tolerance));
    }
  }
}

TEST_CASE("values around 1e12 keep their spread") {
  ops::Moments2 moments;
  double squares = 0;
  double sum = 0;
  for (int i = 0; i < 1'000; ++i) {
    const double x = 1e12 + i % 2;
    moments.add(x);
    squares += x * x;
    sum += x;
  }
  CHECK(near(moments.m2, 250.0, 1e-9));
  CHECK(std::abs(squares - sum * sum / 1'000 - 250) > 1e6);  // what the school formula says
}

TEST_CASE("moments of parts, merged, are those of the whole") {
  std::mt19937 random(8);
  const std::vector<double> values = drawn(random, 3'000, 100);
  for (const std::size_t parts : {1U, 2U, 7U, 500U}) {
    ops::Moments2 two;
    ops::Moments4 four;
    ops::CoMoments both;
    for (std::size_t part = 0; part < parts; ++part) {
      ops::Moments2 of_two;
      ops::Moments4 of_four;
      ops::CoMoments of_both;
      for (std::size_t i = part; i < values.size(); i += parts) {
        of_two.add(values[i]);
        of_four.add(values[i]);
        of_both.add(values[i], values[values.size() - 1 - i]);
      }
      two.add(of_two);
      four.add(of_four);
      both.add(of_both);
    }
    const Powers expected = by_definition(values);
    CHECK(near(two.m2, static_cast<double>(expected.m2), 1e-12));
    CHECK(near(four.m3, static_cast<double>(expected.m3), 1e-11));
    CHECK(near(four.m4, static_cast<double>(expected.m4), 1e-11));
    CHECK(near(both.xx, static_cast<double>(expected.m2), 1e-12));
    CHECK(near(both.yy, static_cast<double>(expected.m2), 1e-12));
    CHECK(both.count == 3'000);
  }
}

TEST_CASE("merging nothing changes nothing, to the bit") {
  ops::Moments4 some;
  for (const double x : {1.0, 4.0, 9.5}) some.add(x);
  ops::Moments4 merged = some;
  merged.add(ops::Moments4{});
  CHECK(merged.m4 == some.m4);
  ops::Moments4 empty;
  empty.add(some);
  CHECK(empty.m3 == some.m3);
  CHECK(empty.mean == some.mean);
}

TEST_CASE("co-moments see a line, up and down") {
  ops::CoMoments up;
  ops::CoMoments down;
  for (int i = 0; i < 100; ++i) {
    up.add(i, 3.0 * i + 2);
    down.add(i, -3.0 * i);
  }
  CHECK(near(up.xy, std::sqrt(up.xx * up.yy), 1e-12));
  CHECK(near(down.xy, -std::sqrt(down.xx * down.yy), 1e-12));
}
