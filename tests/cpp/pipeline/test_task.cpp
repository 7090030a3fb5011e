#include <headrace/pipeline/task.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <span>

#include "catch.hpp"
#include "ops/bars.hpp"
#include "pipeline/plans.hpp"

using namespace headrace;
using pipeline::Task;

namespace {

test::Table random_bars(std::mt19937& random, std::size_t rows) {
  std::vector<test::Bar> bars;
  for (std::size_t i = 0; i < rows; ++i) {
    const double low = static_cast<double>(random() % 8) * 0.25;
    bars.push_back({.at = static_cast<std::int64_t>(i),
                    .ticker = "T" + std::to_string(random() % 6),
                    .high = low + static_cast<double>(random() % 6) * 0.25 - 0.25,
                    .low = low,
                    .volume = static_cast<std::int64_t>(random() % 1000)});
  }
  test::Table table = test::bars(bars);
  for (std::vector<test::Cell>& row : table.rows) {
    if (random() % 9 == 0) row[4] = std::nullopt;
  }
  return table;
}

struct Outcome {
  std::vector<std::int64_t> offsets;
  record::Rejects rejects;

  void run(Task& task, const test::Table& table, const std::vector<std::size_t>& cuts) {
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      record::RecordBatch batch = test::batch_of(table, cuts[k], cuts[k + 1]);
      REQUIRE(task.process(batch, rejects));
      const std::vector<std::int64_t> kept = test::offsets_of(batch);
      offsets.insert(offsets.end(), kept.begin(), kept.end());
    }
  }
};

// Times that fall back now and then, and rows that come twice.
test::Table disordered_bars(std::mt19937& random, std::size_t rows) {
  test::Table table = random_bars(random, rows);
  for (std::vector<test::Cell>& row : table.rows) {
    row[0] = std::get<std::int64_t>(*row[0]) - static_cast<std::int64_t>(random() % 30);
  }
  return table;
}

// A sort in the middle, with rules, a filter and indicators before and after it.
std::string sorting_steps() {
  return R"({"op": "with_columns", "columns": [{"kind": "expr", "name": "before",
       "expr": {"fn": "shift", "args": [{"col": "Ticker"}, 1]}}]},
     {"op": "sort_within", "grace_ns": 20},
     {"op": "deduplicate", "by": ["Date", "Ticker"], "within_ns": 50},)" +
         test::busy_steps();
}

struct Finished : Outcome {
  std::string values;  // of the rejects

  Finished(Task& task, const test::Table& table, const std::vector<std::size_t>& cuts) {
    run(task, table, cuts);
    finish(task);
  }
  void finish(Task& task) {
    record::RecordBatch last;
    REQUIRE(task.finish(last, rejects));
    const std::vector<std::int64_t> kept = test::offsets_of(last);
    offsets.insert(offsets.end(), kept.begin(), kept.end());
    for (const record::Reject& reject : rejects) {
      values += std::to_string(reject.offset) + reject.detail + reject.value;
    }
  }
};

std::vector<std::byte> saved(const Task& task) {
  base::ByteWriter writer;
  task.snapshot(writer);
  return std::move(writer).take();
}

}  // namespace

TEST_CASE("a task's outputs, rejects, digest and state do not depend on where the stream is cut") {
  std::mt19937 random(21);
  const pipeline::Plan plan = test::plan_of(test::busy_steps());
  for (int round = 0; round < 20; ++round) {
    const test::Table table = random_bars(random, 3000);
    Task whole = Task::create(plan, true).value_or_throw();
    Task cut = Task::create(plan, true).value_or_throw();
    Outcome expected;
    expected.run(whole, table, {0, table.rows.size()});
    Outcome got;
    got.run(cut, table, test::random_cuts(random, table.rows.size()));
    CHECK(got.offsets == expected.offsets);
    CHECK(cut.digest().columns() == whole.digest().columns());
    CHECK(cut.digest().rows() == expected.offsets.size());
    CHECK(cut.dropped() == whole.dropped());
    CHECK(expected.offsets.size() + expected.rejects.size() + whole.dropped() <
          table.rows.size());  // the filter took some
    REQUIRE(got.rejects.size() == expected.rejects.size());
    for (std::size_t i = 0; i < got.rejects.size(); ++i) {
      CHECK(got.rejects[i].offset == expected.rejects[i].offset);
      CHECK(got.rejects[i].detail == expected.rejects[i].detail);
    }
    CHECK(saved(cut) == saved(whole));
  }
}

TEST_CASE("a task restored at any point goes on to the bit") {
  std::mt19937 random(22);
  const pipeline::Plan plan = test::plan_of(test::busy_steps());
  const test::Table table = random_bars(random, 1000);
  Task whole = Task::create(plan, true).value_or_throw();
  Outcome().run(whole, table, {0, 1000});
  for (std::size_t at = 0; at <= 1000; at += 1 + random() % 60) {
    Task before = Task::create(plan, true).value_or_throw();
    Outcome().run(before, table, {0, at});
    const std::vector<std::byte> bytes = saved(before);
    Task after = Task::create(plan, true).value_or_throw();
    Outcome().run(after, table, {0, random() % 1000});  // forgotten by the restore
    base::ByteReader reader(bytes);
    REQUIRE(after.restore(reader));
    CHECK(saved(after) == bytes);
    Outcome().run(after, table, {at, 1000});
    CHECK(after.digest().columns() == whole.digest().columns());
  }
}

TEST_CASE("rows that are held back come out in order at the end, through all later steps") {
  const test::Table table = test::bars({{50, "A", 2, 1, std::int64_t{1}},
                                        {45, "A", 3, 1, std::int64_t{1}},
                                        {48, "A", 4, 1, std::int64_t{1}}});
  const pipeline::Plan plan = test::plan_of(R"({"op": "sort_within", "grace_ns": 10},
      {"op": "with_columns", "columns": [{"kind": "expr", "name": "last",
         "expr": {"fn": "shift", "args": [{"col": "High"}, 1]}}]})");
  Task task = Task::create(plan, true).value_or_throw();
  CHECK(task.holds_rows());
  Outcome none;
  none.run(task, table, {0, 2, 3});
  CHECK(none.offsets.empty());
  CHECK(task.first_held() == 1000);
  record::RecordBatch last;
  last.task = {.topic = 1, .partition = 2};
  REQUIRE(task.finish(last, none.rejects));
  CHECK(test::offsets_of(last) == std::vector<std::int64_t>{1001, 1002, 1000});
  CHECK(test::cells_of(last, "last") == std::vector<test::Cell>{std::nullopt, 3.0, 4.0});
  CHECK(last.task.partition == 2);
  CHECK(task.first_held() == ops::Operator::kNothingHeld);
  CHECK(task.digest().rows() == 3);
}

TEST_CASE("a task that holds rows back: the same results and dead letters wherever it is cut") {
  std::mt19937 random(24);
  const pipeline::Plan plan = test::plan_of(sorting_steps());
  for (int round = 0; round < 10; ++round) {
    const test::Table table = disordered_bars(random, 1500);
    Task whole = Task::create(plan, true).value_or_throw();
    const Finished expected(whole, table, {0, 1500});
    Task cut = Task::create(plan, true).value_or_throw();
    const Finished got(cut, table, test::random_cuts(random, 1500));
    CHECK(got.offsets == expected.offsets);
    CHECK_FALSE(std::is_sorted(got.offsets.begin(), got.offsets.end()));
    CHECK(cut.digest().columns() == whole.digest().columns());
    CHECK(got.rejects.size() == expected.rejects.size());
    CHECK(saved(cut) == saved(whole));
  }
}

TEST_CASE("rows that are rejected after they were held back have their values, too") {
  std::mt19937 random(25);
  const test::Table table = disordered_bars(random, 1000);
  Task task = Task::create(test::plan_of(sorting_steps()), false).value_or_throw();
  const Finished got(task, table, test::random_cuts(random, 1000));
  std::map<record::RejectReason, int> reasons;
  for (const record::Reject& reject : got.rejects) {
    ++reasons[reject.reason];
    const auto row = static_cast<std::size_t>(reject.offset - 1000);
    const std::string ticker = std::get<std::string>(*table.rows[row][1]);
    REQUIRE(reject.value.find("\"Ticker\":\"" + ticker + "\"") != std::string::npos);
  }
  CHECK(reasons.size() == 3);  // late, duplicate, rule
}

TEST_CASE("a task that holds rows back goes on from a snapshot to the bit") {
  std::mt19937 random(26);
  const pipeline::Plan plan = test::plan_of(sorting_steps());
  const test::Table table = disordered_bars(random, 600);
  Task whole = Task::create(plan, true).value_or_throw();
  const Finished expected(whole, table, {0, 600});
  for (std::size_t at = 0; at <= 600; at += 1 + random() % 40) {
    Task before = Task::create(plan, true).value_or_throw();
    Outcome first;
    first.run(before, table, {0, at});
    const std::vector<std::byte> bytes = saved(before);
    Task after = Task::create(plan, true).value_or_throw();
    base::ByteReader reader(bytes);
    REQUIRE(after.restore(reader));
    CHECK(after.first_held() == before.first_held());
    const Finished rest(after, table, {at, 600});
    first.offsets.insert(first.offsets.end(), rest.offsets.begin(), rest.offsets.end());
    CHECK(first.offsets == expected.offsets);
    CHECK(after.digest().columns() == whole.digest().columns());
  }
}

TEST_CASE("a damaged snapshot or that of another plan is an error") {
  std::mt19937 random(23);
  const pipeline::Plan plan = test::plan_of(test::busy_steps());
  Task task = Task::create(plan, true).value_or_throw();
  Outcome().run(task, random_bars(random, 100), {0, 100});
  const std::vector<std::byte> bytes = saved(task);
  for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 50) {
    base::ByteReader cut{std::span<const std::byte>(bytes).first(size)};
    CHECK_FALSE(Task::create(plan, true).value_or_throw().restore(cut));
  }
  base::ByteReader reader(bytes);
  const base::Status other = Task::create(test::plan_of(""), true).value_or_throw().restore(reader);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == base::ErrorCode::kCheckpoint);
}

TEST_CASE("without a digest none is kept") {
  const test::Table table = test::some_bars();
  Task task = Task::create(test::plan_of(""), false).value_or_throw();
  Outcome outcome;
  outcome.run(task, table, {0, 5});
  CHECK(outcome.offsets.size() == 5);
  CHECK(task.digest().columns().empty());
}
