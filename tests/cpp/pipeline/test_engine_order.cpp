// Engines over records that come late, twice and out of order.
#include <headrace/pipeline/engine.hpp>

#include <algorithm>
#include <map>
#include <random>

#include "batches.hpp"
#include "catch.hpp"
#include "engine_rig.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::EngineState;
using pipeline::Frame;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;  // good_record is one a minute

pipeline::Plan plan_of(const std::string& steps) {
  std::string text = test_plan();
  return pipeline::Plan::parse(text.substr(0, text.find("\"steps\"")) + "\"steps\": [" + steps +
                               "]}")
      .value_or_throw();
}

pipeline::Plan ordering_plan(std::int64_t minutes) {
  return plan_of(R"({"op": "deduplicate", "by": ["k", "t"], "within_ns": 6000000000000},
    {"op": "sort_within", "grace_ns": )" +
                 std::to_string(minutes * kMinute) + R"(},
    {"op": "with_columns", "columns": [{"kind": "indicator", "indicator": "ema", "inputs": ["x"],
       "params": {"timeperiod": 5}, "outputs": ["ema"]}]})");
}

// The values of good records, some moved a few records back, some sent again.
Partitions disordered_records(std::int32_t partitions, std::int64_t rows, unsigned seed) {
  std::minstd_rand random(seed);
  Partitions all(static_cast<std::size_t>(partitions));
  for (std::int32_t p = 0; p < partitions; ++p) {
    for (std::int64_t o = 0; o < rows; ++o) {
      const std::int64_t back = random() % 4 == 0 ? static_cast<std::int64_t>(random() % 8) : 0;
      FakeRecord record = good_record(p, std::max<std::int64_t>(0, o - back));
      record.offset = o;
      all[static_cast<std::size_t>(p)].push_back(std::move(record));
    }
  }
  return all;
}

std::vector<std::int64_t> times_of(const Frame& frame) {
  const auto* times = frame.columns[0].values<std::int64_t>();
  return {times, times + frame.rows};
}

// One partition's records, one a poll.
std::vector<FakeStep> one_by_one(const std::vector<FakeRecord>& records) {
  std::vector<FakeStep> steps(1);
  steps[0].events.push_back(assigned(0, 1));
  for (const FakeRecord& record : records) steps.push_back({.records = {record}, .events = {}});
  return steps;
}

std::vector<FakeRecord> records_at(const std::vector<std::int64_t>& minutes) {
  std::vector<FakeRecord> records;
  for (const std::int64_t minute : minutes) {
    records.push_back(good_record(0, minute));
    records.back().offset = static_cast<std::int64_t>(records.size()) - 1;
  }
  return records;
}

}  // namespace

TEST_CASE("duplicates and disorder: any cut, any threads, the same digest and dead letters") {
  const pipeline::Plan plan = ordering_plan(3);
  unsigned seed = 1;
  for (const std::size_t batch_rows : {1U, 7U, 4096U}) {
    const Partitions partitions = disordered_records(3, batch_rows == 1 ? 150 : 1'500, seed);
    const pipeline::Digest expected = expected_digest(plan, partitions);
    for (const unsigned threads : {1U, 2U}) {
      Rig rig;
      rig.plan = plan;
      rig.options = {.batch_rows = batch_rows, .compute_threads = threads, .digest = true};
      rig.add(random_polls(partitions, batch_rows == 1 ? 40 : 500, seed++));
      const auto engine = rig.run();
      REQUIRE(engine->status().state == EngineState::kFinished);
      CHECK(engine->digest().rows() == expected.rows());
      CHECK(engine->digest().columns() == expected.columns());
      const auto rejected = engine->status().rejected;
      CHECK(rejected.at("late") > 0);
      CHECK(rejected.at("duplicate") > 0);
      CHECK(engine->status().rows + rejected.at("late") + rejected.at("duplicate") ==
            engine->status().records);
    }
  }
}

TEST_CASE("late and duplicate records keep their original bytes") {
  const Partitions partitions = disordered_records(2, 800, 5);
  Rig rig;
  rig.plan = ordering_plan(3);
  rig.add(random_polls(partitions, 300, 6));
  const auto engine = rig.run();
  const record::Rejects rejects = engine->rejects();
  REQUIRE(rejects.size() > 20);
  for (const record::Reject& reject : rejects) {
    const FakeRecord& original = partitions[static_cast<std::size_t>(reject.task.partition)]
                                           [static_cast<std::size_t>(reject.offset)];
    REQUIRE(reject.value == original.value);
    REQUIRE(reject.key == original.key);
    REQUIRE(reject.timestamp_ms == 1000 + original.offset);
  }
}

TEST_CASE("a bounded read gives out what is held, in order") {
  Rig rig;
  rig.plan = ordering_plan(10);
  rig.add(one_by_one(records_at({3, 1, 2, 5, 4})));
  const auto engine = rig.run();
  const Frame frame = engine->frame(100);
  CHECK(offsets_of(frame) == std::vector<std::int64_t>{1, 2, 0, 4, 3});
  const std::vector<std::int64_t> times = times_of(frame);
  CHECK(std::is_sorted(times.begin(), times.end()));
}

TEST_CASE("stop gives out what is held, and commits it") {
  for (int attempt = 0; attempt < 5; ++attempt) {
    Rig rig;
    rig.plan = ordering_plan(10);
    rig.options.commit_interval = std::chrono::milliseconds(1);
    rig.add(one_by_one(records_at({3, 1, 2, 5, 4, 15})), FakeSource::Then::kSilence);
    const auto engine = rig.start();
    REQUIRE(engine->wait_rows(3, std::chrono::seconds(30)));  // 1, 2, 3 and 4: 11 behind 15
    const auto committed = [&] {
      const std::lock_guard lock(rig.logs[0]->mutex);
      return rig.logs[0]->commits.empty() ? -1 : rig.logs[0]->commits.back().position;
    };
    // The offset of minute 5, which is held although 4 is out.
    CHECK(eventually([&] { return committed() == 3; }));
    CHECK(engine->frame(100).rows == 4);
    // All was worked off: no lag.
    CHECK(eventually([&] { return engine->status().tasks.at(0).position.position == 6; }));
    if (seconds_of([&] { engine->stop(); }) > 0.2) continue;  // this process stood still
    CHECK(engine->status().state == EngineState::kStopped);
    CHECK(offsets_of(engine->frame(100)) == std::vector<std::int64_t>{1, 2, 0, 4, 3, 5});
    CHECK(committed() == 6);
    return;
  }
  FAIL("never stopped in time");
}

TEST_CASE("what is held of a task that goes elsewhere is not given out here") {
  Rig rig;
  rig.plan = ordering_plan(10);
  std::vector<FakeStep> steps = one_by_one(records_at({3, 1, 2}));
  steps.push_back({.records = {}, .events = {revoked(0, 1)}});
  rig.add(std::move(steps));
  const auto engine = rig.run();
  CHECK(engine->status().state == EngineState::kFinished);
  CHECK(engine->frame(100).rows == 0);
  const std::lock_guard lock(rig.logs[0]->mutex);
  for (const auto& commit : rig.logs[0]->commits) CHECK(commit.position == 0);
}
