#include <headrace/pipeline/task.hpp>

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
