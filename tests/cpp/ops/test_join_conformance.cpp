// The suite that every join that merges passes: only the merged rows may enter a result.
#include "catch.hpp"
#include "ops/joins.hpp"

#include <headrace/ops/join/asof_join.hpp>
#include <headrace/ops/join/interval_join.hpp>
#include <headrace/ops/join/table_join.hpp>

using namespace headrace;
using namespace headrace::test;
using ops::AsofStrategy;
using ops::JoinHow;
using ops::MergeOperatorPtr;

namespace {

struct Join {
  std::string name;
  std::function<MergeOperatorPtr(const Sides&)> make;
};

MergeOperatorPtr asof(const Sides& sides, AsofStrategy strategy,
                      std::optional<std::int64_t> tolerance, bool exact) {
  return ops::make_asof_join({.left = sides.left.schema,
                              .right = sides.right.schema,
                              .by = {"t", "maybe"},
                              .suffix = "_right",
                              .strategy = strategy,
                              .tolerance_ns = tolerance,
                              .allow_exact_matches = exact})
      .value_or_throw();
}

MergeOperatorPtr interval(const Sides& sides, std::int64_t lower, std::int64_t upper, JoinHow how) {
  return ops::make_interval_join({.left = sides.left.schema,
                                  .right = sides.right.schema,
                                  .by = {"t"},
                                  .suffix = "_right",
                                  .lower_ns = lower,
                                  .upper_ns = upper,
                                  .how = how})
      .value_or_throw();
}

MergeOperatorPtr table(const Sides& sides, JoinHow how) {
  return ops::make_table_join({.left = sides.left.schema,
                               .table = sides.right.schema,
                               .on = {"i"},
                               .suffix = "_right",
                               .how = how})
      .value_or_throw();
}

const std::vector<Join>& joins() {
  using S = AsofStrategy;
  static const std::vector<Join> all{
      {"backward", [](const Sides& s) { return asof(s, S::kBackward, {}, true); }},
      {"backward within", [](const Sides& s) { return asof(s, S::kBackward, 9, false); }},
      {"forward", [](const Sides& s) { return asof(s, S::kForward, {}, true); }},
      {"forward within", [](const Sides& s) { return asof(s, S::kForward, 9, false); }},
      {"nearest", [](const Sides& s) { return asof(s, S::kNearest, {}, false); }},
      {"nearest within", [](const Sides& s) { return asof(s, S::kNearest, 9, true); }},
      {"interval behind", [](const Sides& s) { return interval(s, -20, -2, JoinHow::kLeft); }},
      {"interval", [](const Sides& s) { return interval(s, -9, 7, JoinHow::kInner); }},
      {"interval ahead", [](const Sides& s) { return interval(s, 3, 20, JoinHow::kLeft); }},
      {"table", [](const Sides& s) { return table(s, JoinHow::kLeft); }},
      {"table inner", [](const Sides& s) { return table(s, JoinHow::kInner); }}};
  return all;
}

Sides some_sides(std::mt19937& random, std::size_t rows, Lateness lateness = Lateness::kSome) {
  Sides sides = random_sides(random, rows, lateness);
  for (std::size_t i = 0; i < sides.right.rows.size(); ++i) {
    sides.deleted.push_back(random() % 4 == 0 ? 1 : 0);
  }
  return sides;
}

base::Status restored(ops::MergeOperator& op, std::span<const std::byte> bytes) {
  base::ByteReader reader(bytes);
  return op.restore(reader);
}

}  // namespace

TEST_CASE("every join gives the same rows and rejects however the merged rows are cut") {
  std::mt19937 random(41);
  for (const Join& join : joins()) {
    INFO(join.name);
    for (int round = 0; round < 6; ++round) {
      const Sides sides =
          some_sides(random, 600, round % 2 == 0 ? Lateness::kSome : Lateness::kNone);
      const MergeOperatorPtr whole = join.make(sides);
      const Outcome expected = outcome_of(*whole, sides);
      CHECK_FALSE(expected.rows.empty());
      const MergeOperatorPtr pieces = join.make(sides);
      Outcome got;
      feed(*pieces, sides, random_cuts(random, sides.order.size()), true, got);
      CHECK(got == expected);
      CHECK(saved(*pieces) == saved(*whole));
    }
  }
}

TEST_CASE("every join gives the same when it sees one row at a time") {
  std::mt19937 random(42);
  for (const Join& join : joins()) {
    INFO(join.name);
    const Sides sides = some_sides(random, 150);
    const Outcome expected = outcome_of(*join.make(sides), sides);
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i <= sides.order.size(); ++i) cuts.push_back(i);
    Outcome got;
    feed(*join.make(sides), sides, cuts, true, got);
    CHECK(got == expected);
  }
}

TEST_CASE("every join gives results in the order of event time, not before its watermark") {
  std::mt19937 random(43);
  for (const Join& join : joins()) {
    INFO(join.name);
    const Sides sides = some_sides(random, 300, Lateness::kNone);
    const MergeOperatorPtr op = join.make(sides);
    record::Rejects rejects;
    std::int64_t bound = std::numeric_limits<std::int64_t>::min();
    std::size_t at[] = {0, 0};
    for (std::size_t i = 0; i < sides.order.size(); ++i) {
      const record::RecordBatch out = process(*op, sides, i, i + 1, rejects);
      for (std::size_t row = 0; row < out.rows(); ++row) {
        const std::int64_t time = out.event_times->as<std::int64_t>()[row];
        REQUIRE(time >= bound);
        bound = time;
      }
      const std::uint32_t side = sides.order[i];
      const std::int64_t now = time_at(side == 0 ? sides.right : sides.left, at[side]++);
      REQUIRE(op->output_watermark(now) >= bound);
      bound = op->output_watermark(now);
    }
  }
}

TEST_CASE("every join goes on from a snapshot to the bit") {
  std::mt19937 random(44);
  for (const Join& join : joins()) {
    INFO(join.name);
    const Sides sides = some_sides(random, 250);
    const std::size_t rows = sides.order.size();
    const MergeOperatorPtr whole = join.make(sides);
    const Outcome expected = outcome_of(*whole, sides);
    for (std::size_t at = 0; at <= rows; at += 1 + random() % 40) {
      const MergeOperatorPtr before = join.make(sides);
      Outcome got;
      feed(*before, sides, {0, at}, false, got);
      const std::vector<std::byte> bytes = saved(*before);
      const MergeOperatorPtr after = join.make(sides);
      Outcome forgotten;
      feed(*after, sides, {0, random() % rows}, false, forgotten);
      REQUIRE(restored(*after, bytes));
      CHECK(saved(*after) == bytes);
      ops::HeldOffsets held_before;
      ops::HeldOffsets held_after;
      before->note_held(held_before);
      after->note_held(held_after);
      CHECK(held_before.first({}) == held_after.first({}));
      feed(*after, sides, {at, rows}, true, got);
      std::sort(got.rejects.begin(), got.rejects.end());
      Outcome sorted = expected;
      std::sort(sorted.rejects.begin(), sorted.rejects.end());
      CHECK(got == sorted);
      CHECK(saved(*after) == saved(*whole));
    }
  }
}

TEST_CASE("every join refuses a truncated snapshot and stays what it was") {
  std::mt19937 random(45);
  for (const Join& join : joins()) {
    INFO(join.name);
    const Sides sides = some_sides(random, 40, Lateness::kNone);
    const MergeOperatorPtr op = join.make(sides);
    Outcome outcome;
    feed(*op, sides, {0, 50}, false, outcome);
    const std::vector<std::byte> bytes = saved(*op);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const base::Status status = restored(*op, std::span(bytes).first(size));
      REQUIRE_FALSE(status);
      REQUIRE(status.error().code == base::ErrorCode::kCheckpoint);
    }
    CHECK(saved(*op) == bytes);
  }
}

// Under the address sanitizer: a damaged number must not become an address.
TEST_CASE("every join survives a damaged snapshot") {
  std::mt19937 random(46);
  for (const Join& join : joins()) {
    INFO(join.name);
    const Sides sides = some_sides(random, 100, Lateness::kNone);
    const MergeOperatorPtr op = join.make(sides);
    Outcome outcome;
    feed(*op, sides, {0, 100}, false, outcome);
    const std::vector<std::byte> bytes = saved(*op);
    for (int round = 0; round < 100; ++round) {
      std::vector<std::byte> damaged = bytes;
      for (int byte = 0; byte < 3; ++byte) {
        damaged[random() % damaged.size()] = static_cast<std::byte>(random());
      }
      const MergeOperatorPtr victim = join.make(sides);
      const bool accepted = restored(*victim, damaged).ok();
      Outcome after;
      feed(*victim, sides, {100, sides.order.size()}, true, after);
      const MergeOperatorPtr fresh = join.make(sides);
      Outcome untouched;
      feed(*fresh, sides, {100, sides.order.size()}, true, untouched);
      CHECK((accepted || after == untouched));
    }
  }
}

TEST_CASE("every join refuses the snapshot of one with other arguments") {
  std::mt19937 random(47);
  const Sides sides = some_sides(random, 20);
  const std::vector<std::pair<MergeOperatorPtr, MergeOperatorPtr>> pairs = [&] {
    std::vector<std::pair<MergeOperatorPtr, MergeOperatorPtr>> made;
    made.emplace_back(asof(sides, AsofStrategy::kBackward, {}, true),
                      asof(sides, AsofStrategy::kForward, {}, true));
    made.emplace_back(asof(sides, AsofStrategy::kBackward, {}, true),
                      asof(sides, AsofStrategy::kBackward, 5, true));
    made.emplace_back(asof(sides, AsofStrategy::kBackward, {}, true),
                      asof(sides, AsofStrategy::kBackward, {}, false));
    made.emplace_back(interval(sides, -1, 0, JoinHow::kLeft),
                      interval(sides, -1, 1, JoinHow::kLeft));
    made.emplace_back(interval(sides, -1, 0, JoinHow::kLeft),
                      interval(sides, -1, 0, JoinHow::kInner));
    made.emplace_back(table(sides, JoinHow::kLeft), table(sides, JoinHow::kInner));
    return made;
  }();
  for (const auto& [saver, other] : pairs) {
    const base::Status status = restored(*other, saved(*saver));
    REQUIRE_FALSE(status);
    CHECK(status.error().message.starts_with("snapshot of a join has another "));
  }
}
