#include <headrace/ops/join/table_join.hpp>

#include <map>

#include "catch.hpp"
#include "ops/joins.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::JoinHow;

namespace {

// Rows of the table as a map: the last one of each key that was not deleted.
Expected expected_of(const ops::TableJoinArgs& args, const Sides& sides) {
  const auto key_of = [&](const Table& table, std::size_t row) {
    const auto at = static_cast<std::size_t>(table.schema->index_of(args.on.front()));
    return std::get<std::int64_t>(*table.rows[row][at]);
  };
  std::map<std::int64_t, std::ptrdiff_t> latest;
  std::size_t at[] = {0, 0};
  Expected expected;
  for (const std::uint32_t side : sides.order) {
    const std::size_t row = at[side]++;
    if (side == ops::kRightInput) {
      latest[key_of(sides.right, row)] =
          sides.deleted[row] != 0 ? -1 : static_cast<std::ptrdiff_t>(row);
      continue;
    }
    const auto found = latest.find(key_of(sides.left, row));
    const std::ptrdiff_t match = found == latest.end() ? -1 : found->second;
    if (match < 0 && args.how == JoinHow::kInner) continue;
    expected.rows.push_back(joined_row(sides, row, match, args.on));
    expected.offsets.push_back(static_cast<std::int64_t>(1000 + row));
  }
  return expected;
}

ops::TableJoinArgs args_for(const Sides& sides, JoinHow how) {
  return {.left = sides.left.schema,
          .table = sides.right.schema,
          .on = {"i"},
          .suffix = "_right",
          .how = how};
}

}  // namespace

TEST_CASE("the table join agrees with a map, tombstones too") {
  std::mt19937 random(81);
  for (int round = 0; round < 60; ++round) {
    Sides sides = random_sides(random, 150, round % 3 == 0 ? Lateness::kSome : Lateness::kNone);
    for (std::size_t i = 0; i < sides.right.rows.size(); ++i) {
      sides.deleted.push_back(random() % 3 == 0 ? 1 : 0);
    }
    const ops::TableJoinArgs args = args_for(sides, static_cast<JoinHow>(round % 2));
    INFO(round);
    const ops::MergeOperatorPtr op = ops::make_table_join(args).value_or_throw();
    Outcome got;
    feed(*op, sides, random_cuts(random, sides.order.size()), true, got);
    CHECK(agrees(got, expected_of(args, sides)));
    CHECK(got.rejects.empty());
  }
}

TEST_CASE("a deleted key leaves nothing behind") {
  std::mt19937 random(82);
  Sides sides = random_sides(random, 40, Lateness::kNone);
  const ops::MergeOperatorPtr op =
      ops::make_table_join(args_for(sides, JoinHow::kLeft)).value_or_throw();
  const std::vector<std::byte> empty = saved(*op);
  sides.deleted.assign(sides.right.rows.size(), 0);
  record::Rejects rejects;
  (void)process(*op, sides, 0, sides.order.size(), rejects);
  CHECK(saved(*op).size() > empty.size());
  sides.deleted.assign(sides.right.rows.size(), 1);
  (void)process(*op, sides, 0, sides.order.size(), rejects);
  CHECK(saved(*op) == empty);
}

TEST_CASE("a table is joined by its key alone") {
  const Sides sides{.right = some_bars(), .left = some_bars(), .deleted = {}, .order = {}};
  ops::TableJoinArgs args{.left = sides.left.schema,
                          .table = sides.right.schema,
                          .on = {"Date", "High"},
                          .suffix = "_right",
                          .how = JoinHow::kLeft};
  CHECK(ops::make_table_join(args).error().message ==
        "join: on: a table is joined by its key, \"Ticker\", got \"Date\", \"High\"");
  args.table = std::make_shared<const record::Schema>(sides.right.schema->fields(), "Date");
  CHECK(ops::make_table_join(args).error().message ==
        "join: the table has no key: say which column it is, as in hr.table(..., key=\"Date\")");
}
