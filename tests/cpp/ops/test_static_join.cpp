#include <headrace/ops/join/static_join.hpp>

#include "catch.hpp"
#include "ops/joins.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::JoinHow;

namespace {

Outcome joined(const Table& table, const Table& stream, const std::vector<std::string>& on,
               JoinHow how, const std::vector<std::size_t>& cuts) {
  const auto looked_in = ops::StaticTable::create(whole(table), on).value_or_throw();
  const auto op = ops::make_static_join(
                      {.schema = stream.schema, .table = looked_in, .suffix = "_right", .how = how})
                      .value_or_throw();
  Outcome outcome;
  feed(*op, stream, cuts, true, outcome);
  return outcome;
}

Expected expected_of(const Sides& sides, const std::vector<std::string>& on, JoinHow how) {
  Expected expected;
  for (std::size_t left = 0; left < sides.left.rows.size(); ++left) {
    bool matched = false;
    for (std::size_t right = 0; right < sides.right.rows.size(); ++right) {
      if (!same_key(sides.left, left, sides.right, right, on)) continue;
      expected.rows.push_back(joined_row(sides, left, static_cast<std::ptrdiff_t>(right), on));
      expected.offsets.push_back(static_cast<std::int64_t>(1000 + left));
      matched = true;
    }
    if (matched || how == JoinHow::kInner) continue;
    expected.rows.push_back(joined_row(sides, left, -1, on));
    expected.offsets.push_back(static_cast<std::int64_t>(1000 + left));
  }
  return expected;
}

}  // namespace

TEST_CASE("the static join agrees with a search through the table") {
  std::mt19937 random(91);
  const std::vector<std::vector<std::string>> keys{{"t"}, {"y", "maybe"}, {"i"}, {"at", "s"}};
  for (int round = 0; round < 80; ++round) {
    const Sides sides{.right = timed_table(random, round % 5 == 0 ? 1 : 40),
                      .left = timed_table(random, 150),
                      .deleted = {},
                      .order = {}};
    const auto how = static_cast<JoinHow>(round % 2);
    const std::vector<std::string>& on = keys[random() % keys.size()];
    INFO(round);
    const std::vector<std::size_t> cuts = random_cuts(random, sides.left.rows.size());
    CHECK(agrees(joined(sides.right, sides.left, on, how, cuts), expected_of(sides, on, how)));
  }
}

TEST_CASE("the right columns are nullable where a row may have no match") {
  const Table table = some_bars();
  const auto looked_in = ops::StaticTable::create(whole(table), {"Ticker"}).value_or_throw();
  const auto schema_of = [&](JoinHow how) {
    return ops::make_static_join(
               {.schema = table.schema, .table = looked_in, .suffix = "_x", .how = how})
        .value_or_throw()
        ->output_schema();
  };
  CHECK(schema_of(JoinHow::kLeft)->index_of("High_x") == 6);
  CHECK(schema_of(JoinHow::kLeft)->fields()[6].nullable);
  CHECK_FALSE(schema_of(JoinHow::kInner)->fields()[6].nullable);
}

TEST_CASE("a snapshot tells another table") {
  const Table table = some_bars();
  const auto make = [&](std::size_t rows) {
    const auto looked_in =
        ops::StaticTable::create(batch_of(table, 0, rows), {"Ticker"}).value_or_throw();
    return ops::make_static_join({.schema = table.schema, .table = looked_in}).value_or_throw();
  };
  const std::vector<std::byte> bytes = saved(*make(5));
  base::ByteReader same(bytes);
  CHECK(make(5)->restore(same));
  base::ByteReader other(bytes);
  CHECK(make(4)->restore(other).error().message ==
        "snapshot of a join is of another table than the step's");
}
