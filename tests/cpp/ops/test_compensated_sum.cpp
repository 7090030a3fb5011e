#include <headrace/ops/kernel/compensated_sum.hpp>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("a compensated sum keeps what a plain one loses") {
  ops::CompensatedSum total;
  total.add(1e100);
  for (int i = 0; i < 1000; ++i) total.add(1);
  total.add(-1e100);
  CHECK(total.value() == 1000);
}

TEST_CASE("a compensated sum of a million tenths is right to the last bit") {
  ops::CompensatedSum total;
  double plain = 0;
  for (int i = 0; i < 1000000; ++i) {
    total.add(0.1);
    plain += 0.1;
  }
  CHECK(total.value() == 100000.00000000000555);  // a million times the double next to 0.1
  CHECK(plain != total.value());
}
