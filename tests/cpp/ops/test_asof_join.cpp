#include <headrace/ops/join/asof_join.hpp>

#include <optional>

#include "catch.hpp"
#include "ops/joins.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::AsofStrategy;

namespace {

// How far the right row is from the left one, where it may match it at all.
std::optional<std::uint64_t> distance_of(const ops::AsofJoinArgs& args, std::int64_t left,
                                         std::int64_t right) {
  const bool allowed = left == right  ? args.allow_exact_matches
                       : right < left ? args.strategy != AsofStrategy::kForward
                                      : args.strategy != AsofStrategy::kBackward;
  const std::uint64_t away =
      right < left ? static_cast<std::uint64_t>(left) - static_cast<std::uint64_t>(right)
                   : static_cast<std::uint64_t>(right) - static_cast<std::uint64_t>(left);
  if (!allowed || (args.tolerance_ns && away > static_cast<std::uint64_t>(*args.tolerance_ns))) {
    return std::nullopt;
  }
  return away;
}

std::ptrdiff_t match_of(const ops::AsofJoinArgs& args, const Sides& sides, const OnTime& rows,
                        std::size_t left) {
  std::ptrdiff_t best = -1;
  std::uint64_t nearest = 0;
  bool best_is_later = false;
  const std::int64_t time = time_at(sides.left, left);
  for (const std::size_t right : rows.right) {
    if (!same_key(sides.left, left, sides.right, right, args.by)) continue;
    const std::int64_t other = time_at(sides.right, right);
    const std::optional<std::uint64_t> away = distance_of(args, time, other);
    if (!away) continue;
    // Of equally near ones backward takes the last and forward the first, nearest the one behind.
    const bool later = other > time || (other == time && args.strategy == AsofStrategy::kForward);
    const bool wins = best < 0 || *away < nearest || (*away == nearest && !later && !best_is_later);
    if (!wins) continue;
    best = static_cast<std::ptrdiff_t>(right);
    nearest = *away;
    best_is_later = later;
  }
  return best;
}

Expected expected_of(const ops::AsofJoinArgs& args, const Sides& sides) {
  const OnTime rows = on_time(sides);
  Expected expected;
  for (const std::size_t left : rows.left) {
    const std::ptrdiff_t right = match_of(args, sides, rows, left);
    expected.rows.push_back(joined_row(sides, left, right, args.by));
    expected.offsets.push_back(static_cast<std::int64_t>(1000 + left));
  }
  return expected;
}

Sides quotes_and_trades() {
  Sides sides{.right = bars({{10, "A", 1.0, 0, 1}, {20, "A", 2.0, 0, 1}, {20, "B", 3.0, 0, 1}}),
              .left = bars({{5, "A", 0, 0, 1}, {20, "A", 0, 0, 1}, {24, "B", 0, 0, 1}}),
              .deleted = {},
              .order = {}};
  merge_order(sides);
  return sides;
}

ops::AsofJoinArgs args_for(const Sides& sides, AsofStrategy strategy) {
  return {.left = sides.left.schema,
          .right = sides.right.schema,
          .by = {"Ticker"},
          .suffix = "_right",
          .strategy = strategy,
          .tolerance_ns = {},
          .allow_exact_matches = true};
}

std::vector<Cell> highs(const Sides& sides, ops::AsofJoinArgs args) {
  const ops::MergeOperatorPtr op = ops::make_asof_join(std::move(args)).value_or_throw();
  const auto column = static_cast<std::size_t>(op->output_schema()->index_of("High_right"));
  std::vector<Cell> cells;
  for (const std::vector<Cell>& row : outcome_of(*op, sides).rows) cells.push_back(row[column]);
  return cells;
}

}  // namespace

TEST_CASE("as-of by hand: backward, forward and nearest") {
  const Sides sides = quotes_and_trades();
  CHECK(highs(sides, args_for(sides, AsofStrategy::kBackward)) == std::vector<Cell>{{}, 2.0, 3.0});
  CHECK(highs(sides, args_for(sides, AsofStrategy::kForward)) == std::vector<Cell>{1.0, 2.0, {}});
  CHECK(highs(sides, args_for(sides, AsofStrategy::kNearest)) == std::vector<Cell>{1.0, 2.0, 3.0});
  ops::AsofJoinArgs args = args_for(sides, AsofStrategy::kBackward);
  args.allow_exact_matches = false;
  CHECK(highs(sides, args) == std::vector<Cell>{{}, 1.0, 3.0});
  args.tolerance_ns = 3;
  CHECK(highs(sides, args) == std::vector<Cell>{{}, {}, {}});
}

TEST_CASE("as-of: the columns of the right side follow, nullable and with the suffix") {
  const Sides sides = quotes_and_trades();
  const auto op = ops::make_asof_join(args_for(sides, AsofStrategy::kBackward)).value_or_throw();
  const record::Schema& schema = *op->output_schema();
  CHECK(schema.size() == 9);
  CHECK(schema.index_of("Date_right") == 5);
  CHECK(schema.fields()[5].nullable);
  CHECK(schema.event_time_index() == 0);
  CHECK(schema.key_index() == 1);
}

TEST_CASE("as-of agrees with a search through all rows") {
  std::mt19937 random(61);
  const std::vector<std::vector<std::string>> keys{{"t"}, {"y", "maybe"}, {}, {"s"}};
  const std::vector<std::optional<std::int64_t>> tolerances{{}, 0, 1, 7, 60};
  for (int round = 0; round < 240; ++round) {
    const auto lateness = round % 3 == 0 ? Lateness::kSome : Lateness::kNone;
    const Sides sides = random_sides(random, 120, lateness);
    const ops::AsofJoinArgs args{.left = sides.left.schema,
                                 .right = sides.right.schema,
                                 .by = keys[random() % keys.size()],
                                 .suffix = "_right",
                                 .strategy = static_cast<AsofStrategy>(round % 3),
                                 .tolerance_ns = tolerances[random() % tolerances.size()],
                                 .allow_exact_matches = random() % 2 == 0};
    INFO(round);
    const ops::MergeOperatorPtr op = ops::make_asof_join(args).value_or_throw();
    Outcome got;
    feed(*op, sides, random_cuts(random, sides.order.size()), true, got);
    CHECK(agrees(got, expected_of(args, sides)));
    CHECK(got.rejects.size() == on_time(sides).late);
  }
}

TEST_CASE("backward gives a left row out at once, forward when its match is there") {
  const Sides sides = quotes_and_trades();  // A5 | A10 A20 B20 | A20 B24 | of left | right | left
  record::Rejects rejects;
  const auto backward =
      ops::make_asof_join(args_for(sides, AsofStrategy::kBackward)).value_or_throw();
  CHECK(process(*backward, sides, 0, 1, rejects).rows() == 1);
  const auto forward =
      ops::make_asof_join(args_for(sides, AsofStrategy::kForward)).value_or_throw();
  CHECK(process(*forward, sides, 0, 1, rejects).rows() == 0);
  CHECK(forward->output_watermark(9) == 5);
  ops::HeldOffsets held;
  forward->note_held(held);
  CHECK(held.first({}) == 1000);
  CHECK(process(*forward, sides, 1, 2, rejects).rows() == 1);
  CHECK(forward->output_watermark(10) == 10);
  CHECK(process(*forward, sides, 2, 6, rejects).rows() == 1);  // of the same time: no wait
}

TEST_CASE("a late row of either side is a dead letter") {
  Sides sides = quotes_and_trades();
  sides.right.rows[1][0] = std::int64_t{4};
  record::Rejects rejects;
  const auto op = ops::make_asof_join(args_for(sides, AsofStrategy::kBackward)).value_or_throw();
  (void)process(*op, sides, 0, sides.order.size(), rejects);
  REQUIRE(rejects.size() == 1);
  CHECK(rejects[0].reason == record::RejectReason::kLate);
  CHECK(rejects[0].offset == 1001);
  CHECK(rejects[0].field == "Date");
  CHECK(rejects[0].detail ==
        "event time 1970-01-01T00:00:00.000000004Z is 6ns behind the newest that was joined "
        "(1970-01-01T00:00:00.000000010Z); a longer grace waits for it");
}

TEST_CASE("with a tolerance the keys of old are forgotten") {
  Sides sides;
  std::vector<Bar> rows;
  for (std::int64_t i = 0; i < 100'000; ++i) rows.push_back({i, "T" + std::to_string(i), 1, 1, i});
  sides.right = bars({});
  sides.right.rows.reserve(rows.size());
  for (const Bar& bar : rows) {
    sides.right.rows.push_back({bar.at, bar.ticker, bar.high, bar.low, bar.volume});
    sides.right.keys.push_back(0);
  }
  sides.left = bars({});
  merge_order(sides);
  ops::AsofJoinArgs args = args_for(sides, AsofStrategy::kBackward);
  args.tolerance_ns = 10;
  const auto op = ops::make_asof_join(args).value_or_throw();
  record::Rejects rejects;
  for (std::size_t at = 0; at < rows.size(); at += 1000) {
    (void)process(*op, sides, at, at + 1000, rejects);
  }
  CHECK(saved(*op).size() < 2000);  // eleven rows
}

TEST_CASE("as-of refuses what can't be joined") {
  const Sides sides = quotes_and_trades();
  ops::AsofJoinArgs args = args_for(sides, AsofStrategy::kBackward);
  args.tolerance_ns = -5;
  CHECK(ops::make_asof_join(args).error().message ==
        "join_asof: tolerance: expected a length of time, got -5 ns");
  args = args_for(sides, AsofStrategy::kBackward);
  args.by = {"Tcker"};
  CHECK(ops::make_asof_join(args).error().message.starts_with(
      "join_asof: left side: no column \"Tcker\"; did you mean \"Ticker\"?"));
}
