#include <headrace/ops/join/interval_join.hpp>

#include "catch.hpp"
#include "ops/joins.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::JoinHow;

namespace {

bool within(const ops::IntervalJoinArgs& args, std::int64_t left, std::int64_t right) {
  const auto gap = [](std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  };
  if (right >= left) {
    return args.upper_ns >= 0 && gap(left, right) <= gap(0, args.upper_ns) &&
           (args.lower_ns <= 0 || gap(left, right) >= gap(0, args.lower_ns));
  }
  return args.lower_ns < 0 && gap(right, left) <= gap(args.lower_ns, 0) &&
         (args.upper_ns >= 0 || gap(right, left) >= gap(args.upper_ns, 0));
}

Expected expected_of(const ops::IntervalJoinArgs& args, const Sides& sides) {
  const OnTime rows = on_time(sides);
  Expected expected;
  const auto add = [&](std::size_t left, std::ptrdiff_t right) {
    expected.rows.push_back(joined_row(sides, left, right, args.by));
    expected.offsets.push_back(static_cast<std::int64_t>(1000 + left));
  };
  for (const std::size_t left : rows.left) {
    bool matched = false;
    for (const std::size_t right : rows.right) {
      if (!same_key(sides.left, left, sides.right, right, args.by)) continue;
      if (!within(args, time_at(sides.left, left), time_at(sides.right, right))) continue;
      add(left, static_cast<std::ptrdiff_t>(right));
      matched = true;
    }
    if (!matched && args.how == JoinHow::kLeft) add(left, -1);
  }
  return expected;
}

Sides orders_and_trades() {
  Sides sides{.right = bars({{10, "A", 1.0, 0, 1}, {18, "A", 2.0, 0, 1}, {22, "A", 3.0, 0, 1}}),
              .left = bars({{15, "A", 0, 0, 1}, {20, "A", 0, 0, 1}, {40, "A", 0, 0, 1}}),
              .deleted = {},
              .order = {}};
  merge_order(sides);
  return sides;
}

ops::IntervalJoinArgs args_for(const Sides& sides, std::int64_t lower, std::int64_t upper) {
  return {.left = sides.left.schema,
          .right = sides.right.schema,
          .by = {"Ticker"},
          .suffix = "_right",
          .lower_ns = lower,
          .upper_ns = upper,
          .how = JoinHow::kInner};
}

}  // namespace

TEST_CASE("an interval by hand: both ends count, each match is a row") {
  const Sides sides = orders_and_trades();
  ops::IntervalJoinArgs args = args_for(sides, -10, 2);
  const auto inner = ops::make_interval_join(args).value_or_throw();
  CHECK(outcome_of(*inner, sides).offsets == std::vector<std::int64_t>{1000, 1001, 1001, 1001});
  CHECK_FALSE(inner->output_schema()->fields()[7].nullable);
  args.how = JoinHow::kLeft;
  const auto left = ops::make_interval_join(args).value_or_throw();
  CHECK(outcome_of(*left, sides).offsets ==
        std::vector<std::int64_t>{1000, 1001, 1001, 1001, 1002});
  CHECK(left->output_schema()->fields()[7].nullable);
}

TEST_CASE("a left row waits while matches can come") {
  const Sides sides = orders_and_trades();  // merged: 10r 15l 18r 20l 22r 40l
  record::Rejects rejects;
  const auto at_once = ops::make_interval_join(args_for(sides, -10, 0)).value_or_throw();
  CHECK(process(*at_once, sides, 0, 2, rejects).rows() == 1);
  const auto later = ops::make_interval_join(args_for(sides, -10, 3)).value_or_throw();
  CHECK(process(*later, sides, 0, 3, rejects).rows() == 0);
  CHECK(later->output_watermark(18) == 15);
  ops::HeldOffsets held;
  later->note_held(held);
  CHECK(held.first({}) == 1000);
  CHECK(process(*later, sides, 3, 4, rejects).rows() == 2);
  CHECK(later->output_watermark(20) == 20);
}

TEST_CASE("the interval join agrees with a search through all rows") {
  std::mt19937 random(71);
  const std::vector<std::vector<std::string>> keys{{"t"}, {"y", "maybe"}, {}, {"s"}};
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::pair<std::int64_t, std::int64_t>> spans{
      {-10, 0}, {0, 0}, {-3, 5}, {2, 9}, {-9, -4}, {-60, 60}, {-kFar, kFar}};
  for (int round = 0; round < 210; ++round) {
    const auto lateness = round % 3 == 0 ? Lateness::kSome : Lateness::kNone;
    const Sides sides = random_sides(random, 80, lateness);
    const auto [lower, upper] = spans[random() % spans.size()];
    const ops::IntervalJoinArgs args{.left = sides.left.schema,
                                     .right = sides.right.schema,
                                     .by = keys[random() % keys.size()],
                                     .suffix = "_right",
                                     .lower_ns = lower,
                                     .upper_ns = upper,
                                     .how = static_cast<JoinHow>(round % 2)};
    INFO(round);
    const ops::MergeOperatorPtr op = ops::make_interval_join(args).value_or_throw();
    Outcome got;
    feed(*op, sides, random_cuts(random, sides.order.size()), true, got);
    CHECK(agrees(got, expected_of(args, sides)));
    CHECK(got.rejects.size() == on_time(sides).late);
  }
}

TEST_CASE("what can match no more is forgotten, whichever key it has") {
  Sides sides{.right = bars({}), .left = bars({}), .deleted = {}, .order = {}};
  for (std::int64_t i = 0; i < 100'000; ++i) {
    sides.right.rows.push_back({i, "T" + std::to_string(i % 50'000), 1.0, 1.0, i});
    sides.right.keys.push_back(0);
  }
  merge_order(sides);
  const auto op = ops::make_interval_join(args_for(sides, -10, 0)).value_or_throw();
  record::Rejects rejects;
  for (std::size_t at = 0; at < sides.right.rows.size(); at += 1000) {
    (void)process(*op, sides, at, at + 1000, rejects);
  }
  CHECK(saved(*op).size() < 2000);  // eleven rows
}

TEST_CASE("the interval join refuses an empty interval") {
  const Sides sides = orders_and_trades();
  CHECK(ops::make_interval_join(args_for(sides, 5, -5)).error().message ==
        "join_interval: lower: expected a time before upper, got 5 ns with upper -5 ns");
}
