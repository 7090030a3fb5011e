#include <headrace/ops/late_operator.hpp>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
// 2026-03-02T14:33:10Z
constexpr std::int64_t kNow = 1'772'461'990 * kSecond;

std::vector<std::string> details(std::int64_t grace, const std::vector<std::int64_t>& times) {
  std::vector<Bar> rows;
  for (const std::int64_t time : times) rows.push_back({time, "A", 2, 1, std::int64_t{1}});
  const Table table = bars(rows);
  record::RecordBatch batch = whole(table);
  record::Rejects rejects;
  const auto op = ops::make_late_operator(table.schema, grace).value_or_throw();
  op->process(batch, rejects).throw_if_error();
  std::vector<std::string> all;
  for (const record::Reject& reject : rejects) {
    CHECK(reject.reason == record::RejectReason::kLate);
    CHECK(reject.field == "Date");
    REQUIRE(reject.behind_ns);
    CHECK(*reject.behind_ns >= grace);
    all.push_back(std::to_string(reject.offset) + ": " + reject.detail);
  }
  CHECK(batch.rows() + all.size() == times.size());
  return all;
}

}  // namespace

TEST_CASE(
    "a row further behind the newest than the grace is late, and the message says by how much") {
  CHECK(details(kMinute, {kNow, kNow - kMinute, kNow - 130 * kSecond, kNow + 1}) ==
        std::vector<std::string>{"1002: event time 2026-03-02T14:31:00Z is 2m10s behind the newest "
                                 "(14:33:10), grace 1m"});
  CHECK(details(kMinute, {kNow, kNow - kMinute - 1}).size() == 1);
  CHECK(details(0, {kNow, kNow, kNow + 5, kNow + 4}) ==
        std::vector<std::string>{"1003: event time 2026-03-02T14:33:10.000000004Z is 1ns behind "
                                 "the newest (14:33:10.000000005), grace 0s"});
}

TEST_CASE("another day is named") {
  CHECK(details(kMinute, {kNow, kNow - 86'400 * kSecond}) ==
        std::vector<std::string>{"1001: event time 2026-03-01T14:33:10Z is 1d behind the newest "
                                 "(2026-03-02T14:33:10Z), grace 1m"});
}

TEST_CASE("times at the ends of the range") {
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  CHECK(details(kMinute, {kFirst, kFirst + 1, kFirst}).empty());
  CHECK(details(kLast, {kLast, 0}).empty());
  CHECK(details(kLast, {kLast, -1}).size() == 1);
  CHECK(details(kMinute, {kLast, kFirst}).size() == 1);
}

TEST_CASE("lateness needs an event time and a length of time") {
  const record::SchemaPtr schema = some_bars().schema;
  const auto untimed = std::make_shared<const record::Schema>(schema->fields());
  CHECK(ops::make_late_operator(untimed, 1)
            .error()
            .message.starts_with("sort_within: needs an event time"));
  CHECK(ops::make_late_operator(schema, -1).error().message ==
        "sort_within: grace: expected a length of time, got -1 ns");
}

TEST_CASE("a row too far ahead makes no other late, and late ones may only be counted") {
  std::vector<Bar> rows;
  for (const std::int64_t time : {100, 9'000, 95, 89, 101, 9'000, 9'001, 9'002, 101}) {
    rows.push_back({time, "A", 2, 1, std::int64_t{1}});
  }
  const Table table = bars(rows);
  const auto op = ops::make_late_operator(table.schema, 10, {.max_skew = 50, .only_count = true})
                      .value_or_throw();
  record::RecordBatch batch = whole(table);
  record::Rejects rejects;
  REQUIRE(op->process(batch, rejects));
  CHECK(offsets_of(batch) == std::vector<std::int64_t>{1000, 1002, 1004, 1007});
  CHECK(op->late() == 2);
  REQUIRE(rejects.size() == 3);
  for (const record::Reject& reject : rejects) {
    CHECK(reject.reason == record::RejectReason::kFuture);
  }
  CHECK(rejects[0].behind_ns == -8'900);
  CHECK(rejects[0].detail ==
        "event time 1970-01-01T00:00:00.000009Z is 8.9us ahead of the newest "
        "(1970-01-01T00:00:00.000000100Z), max_skew 50ns");
  CHECK(ops::make_late_operator(table.schema, 1, {.max_skew = -1, .only_count = false})
            .error()
            .message == "sort_within: max_skew: expected a length of time, got -1 ns");
}
