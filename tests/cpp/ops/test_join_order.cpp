#include <headrace/ops/join/join_order.hpp>

#include <limits>

#include "catch.hpp"

using namespace headrace;
using ops::JoinOrder;
using ops::kLeftInput;
using ops::kRightInput;

TEST_CASE("rows are late behind a newer time, or behind the left side of their own time") {
  JoinOrder order;
  CHECK_FALSE(order.is_late(kRightInput, std::numeric_limits<std::int64_t>::min()));
  CHECK_FALSE(order.is_late(kRightInput, 5));
  CHECK_FALSE(order.is_late(kRightInput, 5));
  CHECK_FALSE(order.right_complete(5));
  CHECK(order.right_complete(4));
  CHECK_FALSE(order.is_late(kLeftInput, 5));
  CHECK(order.right_complete(5));
  CHECK(order.is_late(kRightInput, 5));
  CHECK(order.is_late(kLeftInput, 4));
  CHECK(order.time() == 5);
}

TEST_CASE("the order goes on from a snapshot") {
  JoinOrder order;
  (void)order.is_late(kLeftInput, 7);
  base::ByteWriter writer;
  order.snapshot(writer);
  JoinOrder other;
  base::ByteReader reader(writer.bytes());
  REQUIRE(other.restore(reader));
  CHECK(other.is_late(kRightInput, 7));
  CHECK_FALSE(other.is_late(kLeftInput, 7));
}

TEST_CASE("times are shifted within their range") {
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  CHECK(ops::shifted(5, -7) == -2);
  CHECK(ops::shifted(kLast - 1, 5) == kLast);
  CHECK(ops::shifted(-kLast, -5) == std::numeric_limits<std::int64_t>::min());
}
