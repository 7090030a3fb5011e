// The suite that every step with a memory of rows passes: only the records may enter a result.
#include "catch.hpp"
#include "ops/steps.hpp"
#include "ops/windows.hpp"

#include <headrace/ops/compose_time_operator.hpp>
#include <headrace/ops/deduplicate_operator.hpp>
#include <headrace/ops/late_operator.hpp>
#include <headrace/ops/sort_within_operator.hpp>

using namespace headrace;
using namespace headrace::test;
using ops::OperatorPtr;

namespace {

struct Step {
  std::string name;
  std::function<OperatorPtr(const record::SchemaPtr&)> make;
  bool row_by_row = true;  // each row comes out or is rejected
};

OperatorPtr deduplicate(const record::SchemaPtr& schema, std::vector<std::string> by,
                        std::optional<std::int64_t> within) {
  return ops::make_deduplicate_operator(
             {.schema = schema, .by = std::move(by), .within_ns = within})
      .value_or_throw();
}

// Parts that are null, and no times, and some that are: of a date and a clock.
OperatorPtr compose_time(const record::SchemaPtr& schema, bool nullable) {
  ops::ComposeTimeArgs args;
  args.schema = schema;
  args.name = "made";
  args.at = 3;
  args.parts.date = "at";
  args.parts.clock = "j";
  args.zone = ops::TimeZone();
  args.nullable = nullable;
  args.event_time = !nullable;
  return ops::make_compose_time_operator(std::move(args)).value_or_throw();
}

// Both halves, as a plan has them: the second one counts on the first.
class SortWithin final : public ops::Operator {
 public:
  SortWithin(const record::SchemaPtr& schema, std::int64_t grace)
      : late_(ops::make_late_operator(schema, grace).value_or_throw()),
        sort_(ops::make_sort_within_operator(schema, grace).value_or_throw()) {}

  const record::SchemaPtr& output_schema() const noexcept override {
    return sort_->output_schema();
  }
  base::Status process(record::RecordBatch& batch, record::Rejects& rejects) override {
    if (base::Status status = late_->process(batch, rejects); !status) return status;
    return sort_->process(batch, rejects);
  }
  base::Status finish(record::RecordBatch& batch, record::Rejects& rejects) override {
    if (base::Status status = late_->finish(batch, rejects); !status) return status;
    return sort_->finish(batch, rejects);
  }
  std::int64_t first_held() const noexcept override { return sort_->first_held(); }
  void snapshot(base::ByteWriter& writer) const override {
    late_->snapshot(writer);
    sort_->snapshot(writer);
  }
  base::Status restore(base::ByteReader& reader) override {
    base::ByteWriter before;
    late_->snapshot(before);
    if (base::Status status = late_->restore(reader); !status) return status;
    base::Status status = sort_->restore(reader);
    base::ByteReader undo(before.bytes());
    if (!status) late_->restore(undo).throw_if_error();
    return status;
  }

 private:
  OperatorPtr late_;
  OperatorPtr sort_;
};

OperatorPtr sort_within(const record::SchemaPtr& schema, std::int64_t grace) {
  return std::make_unique<SortWithin>(schema, grace);
}

std::vector<Step> steps_by_row() {
  return {{"deduplicate",
           [](const auto& s) {
             return deduplicate(s, {"t", "y", "maybe"}, {});
           }},
          {"deduplicate at",
           [](const auto& s) {
             return deduplicate(s, {"at", "s"}, {});
           }},
          {"deduplicate within",
           [](const auto& s) {
             return deduplicate(s, {"t", "j"}, 25);
           }},
          {"deduplicate within 0", [](const auto& s) { return deduplicate(s, {"yes"}, 0); }},
          {"compose_time", [](const auto& s) { return compose_time(s, false); }},
          {"compose_time or null", [](const auto& s) { return compose_time(s, true); }},
          {"late", [](const auto& s) { return ops::make_late_operator(s, 20).value_or_throw(); }},
          {"late, skewed",
           [](const auto& s) {
             return ops::make_late_operator(s, 20, {.max_skew = 30, .only_count = false})
                 .value_or_throw();
           }},
          {"late 0", [](const auto& s) { return ops::make_late_operator(s, 0).value_or_throw(); }},
          {"sort_within", [](const auto& s) { return sort_within(s, 20); }},
          {"sort_within 0", [](const auto& s) { return sort_within(s, 0); }},
          {"sort_within all",
           [](const auto& s) { return sort_within(s, std::numeric_limits<std::int64_t>::max()); }}};
}

const std::vector<Step>& steps() {
  static const std::vector<Step> all = [] {
    std::vector<Step> made = steps_by_row();
    for (const WindowStepCase& window : window_step_cases()) {
      made.push_back({window.name,
                      [args = window.args](const auto& s) { return window_step(s, args); }, false});
    }
    return made;
  }();
  return all;
}

base::Status restored(ops::Operator& op, std::span<const std::byte> bytes) {
  base::ByteReader reader(bytes);
  return op.restore(reader);
}

}  // namespace

TEST_CASE("every step gives the same rows and rejects however its rows are cut") {
  std::mt19937 random(31);
  for (const Step& step : steps()) {
    INFO(step.name);
    for (int round = 0; round < 6; ++round) {
      const Table table = timed_table(random, 2500);
      const OperatorPtr whole = step.make(table.schema);
      const Outcome expected = outcome_of(*whole, table);
      CHECK(!expected.rows.empty());
      CHECK((!step.row_by_row ||
             expected.rows.size() + expected.rejects.size() == table.rows.size()));
      const OperatorPtr pieces = step.make(table.schema);
      Outcome got;
      feed(*pieces, table, random_cuts(random, table.rows.size()), true, got);
      CHECK(got == expected);
      CHECK(saved(*pieces) == saved(*whole));
      CHECK(pieces->first_held() == ops::Operator::kNothingHeld);
    }
  }
}

TEST_CASE("every step gives the same when it sees one row at a time") {
  std::mt19937 random(32);
  for (const Step& step : steps()) {
    INFO(step.name);
    const Table table = timed_table(random, 400);
    const Outcome expected = outcome_of(*step.make(table.schema), table);
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i <= table.rows.size(); ++i) cuts.push_back(i);
    Outcome got;
    feed(*step.make(table.schema), table, cuts, true, got);
    CHECK(got == expected);
  }
}

TEST_CASE("every step goes on from a snapshot to the bit") {
  std::mt19937 random(33);
  for (const Step& step : steps()) {
    INFO(step.name);
    const Table table = timed_table(random, 900);
    const OperatorPtr whole = step.make(table.schema);
    const Outcome expected = outcome_of(*whole, table);
    for (std::size_t at = 0; at <= 900; at += 1 + random() % 90) {
      const OperatorPtr before = step.make(table.schema);
      Outcome got;
      feed(*before, table, {0, at}, false, got);
      const std::vector<std::byte> bytes = saved(*before);
      const OperatorPtr after = step.make(table.schema);
      Outcome forgotten;
      feed(*after, table, {0, random() % 900}, false, forgotten);
      REQUIRE(restored(*after, bytes));
      CHECK(saved(*after) == bytes);
      CHECK(after->first_held() == before->first_held());
      feed(*after, table, {at, 900}, true, got);
      CHECK(got == expected);
      CHECK(saved(*after) == saved(*whole));
    }
  }
}

TEST_CASE("every step refuses a truncated snapshot and stays what it was") {
  std::mt19937 random(34);
  for (const Step& step : steps()) {
    INFO(step.name);
    const Table table = timed_table(random, 60, false);
    const OperatorPtr op = step.make(table.schema);
    Outcome outcome;
    feed(*op, table, {0, 60}, false, outcome);
    const std::vector<std::byte> bytes = saved(*op);
    const std::size_t stride = 1 + bytes.size() / 2'000;  // each place of small ones
    for (std::size_t size = 0; size < bytes.size(); size += stride) {
      const base::Status status = restored(*op, std::span(bytes).first(size));
      REQUIRE_FALSE(status);
      REQUIRE(status.error().code == base::ErrorCode::kCheckpoint);
    }
    CHECK(saved(*op) == bytes);
  }
}

// Under the address sanitizer: a damaged number must not become an address.
TEST_CASE("every step survives a damaged snapshot") {
  std::mt19937 random(35);
  for (const Step& step : steps()) {
    INFO(step.name);
    const Table table = timed_table(random, 200, false);
    const OperatorPtr op = step.make(table.schema);
    Outcome outcome;
    feed(*op, table, {0, 100}, false, outcome);
    const std::vector<std::byte> bytes = saved(*op);
    if (bytes.empty()) continue;  // a step that remembers nothing
    for (int round = 0; round < 100; ++round) {
      std::vector<std::byte> damaged = bytes;
      for (int byte = 0; byte < 3; ++byte) {
        damaged[random() % damaged.size()] = static_cast<std::byte>(random());
      }
      const OperatorPtr victim = step.make(table.schema);
      const bool accepted = restored(*victim, damaged).ok();
      Outcome after;
      feed(*victim, table, {100, 200}, true, after);
      CHECK((accepted || !step.row_by_row || after.rows.size() + after.rejects.size() == 100));
    }
  }
}

TEST_CASE("every step refuses the snapshot of one with other arguments") {
  std::mt19937 random(36);
  const Table table = timed_table(random, 50, false);
  const auto taken = [&](const OperatorPtr& from, const OperatorPtr& to) {
    Outcome outcome;
    feed(*from, table, {0, 50}, false, outcome);
    return restored(*to, saved(*from)).ok();
  };
  const auto& s = table.schema;
  CHECK(taken(deduplicate(s, {"t"}, 5), deduplicate(s, {"t"}, 5)));
  CHECK_FALSE(taken(deduplicate(s, {"t"}, 5), deduplicate(s, {"s"}, 5)));
  CHECK_FALSE(taken(deduplicate(s, {"t"}, 5), deduplicate(s, {"t"}, 6)));
  CHECK_FALSE(taken(deduplicate(s, {"t"}, 5), deduplicate(s, {"t"}, {})));
  const auto late = [&](std::int64_t grace) {
    return ops::make_late_operator(s, grace).value_or_throw();
  };
  const auto sort = [&](std::int64_t grace) {
    return ops::make_sort_within_operator(s, grace).value_or_throw();
  };
  CHECK(taken(late(5), late(5)));
  CHECK_FALSE(taken(late(5), late(6)));
  CHECK(taken(sort(5), sort(5)));
  CHECK_FALSE(taken(sort(5), sort(6)));
  const std::vector<WindowStepCase> windows = window_step_cases();
  for (const WindowStepCase& one : windows) {
    for (const WindowStepCase& other : windows) {
      INFO(one.name << " to " << other.name);
      const bool same = one.name == other.name;
      CHECK(taken(window_step(s, one.args), window_step(s, other.args)) == same);
    }
    ops::WindowArgs graceful = one.args;
    ++graceful.grace;
    CHECK_FALSE(taken(window_step(s, one.args), window_step(s, graceful)));
  }
}
