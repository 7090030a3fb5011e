#include <headrace/ops/event_time.hpp>

#include "catch.hpp"

using namespace headrace::ops;

namespace {
constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
}  // namespace

TEST_CASE("the newest time only rises, and nothing is before the first there is") {
  NewestTime newest;
  CHECK(newest.minus(0) == kFirst);
  CHECK(newest.minus(kLast) == kFirst);
  newest.note(100);
  newest.note(50);
  CHECK(newest.ns() == 100);
  CHECK(newest.minus(30) == 70);
  CHECK(newest.minus(kLast) == 100 - kLast);
  CHECK(NewestTime(-100).minus(kLast) == kFirst);
}

TEST_CASE("the distance of any two times fits") {
  CHECK(distance(3, 10) == 7);
  CHECK(distance(10, 3) == 7);
  CHECK(distance(kFirst, kLast) == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("a stream without an event time is told how to get one, where it can") {
  using namespace headrace::record;
  const Schema none(std::vector<Field>{{.name = "x", .type = DType::kFloat64}});
  CHECK(require_event_time("step", none).error().message ==
        "step: needs an event time, and the stream has none");
  const Schema timed({{.name = "t", .type = DType::kTimestamp}}, "t");
  CHECK(require_event_time("step", timed));
}

TEST_CASE("how far a time is behind the newest, or ahead of it") {
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  CHECK(headrace::ops::behind(10, 7) == 3);
  CHECK(headrace::ops::behind(7, 10) == -3);
  CHECK(headrace::ops::behind(7, 7) == 0);
  CHECK(headrace::ops::behind(kLast, kFirst) == kLast);
  CHECK(headrace::ops::behind(kFirst, kLast) == -kLast);
}
