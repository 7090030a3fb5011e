#include <headrace/pipeline/junction.hpp>

#include <algorithm>
#include <random>
#include <thread>

#include "catch.hpp"
#include "pipeline/batches.hpp"
#include "pipeline/engine_rig.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::Digest;
using pipeline::EngineState;
using pipeline::MergedTask;
using pipeline::Plan;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;  // good_record is one a minute
constexpr std::int64_t kGrace = 5 * kMinute;

// Of test_plan()'s records a quarter does not pass; x < 0 is a dead letter.
std::string leaf_text() {
  const std::string text = test_plan();
  return text.substr(0, text.find("\"steps\"")) + R"("steps": [
      {"op": "validate", "rules": [{"name": "x >= 0", "expr":
          {"fn": ">=", "args": [{"col": "x"}, {"lit": 0.0, "type": "float64"}]}}]},
      {"op": "filter", "expr": {"fn": "<", "args": [{"col": "x"},
          {"lit": 850.0, "type": "float64"}]}}]})";
}

std::string input(const std::string& plan, const std::string& more = "") {
  return R"({"grace_ns": )" + std::to_string(kGrace) + more + R"(, "plan": )" + plan + "}";
}

std::string tree(const std::string& inputs, const std::string& steps) {
  return R"({"version": 1, "inputs": [)" + inputs + R"(], "steps": [)" + steps + "]}";
}

const char* const kEma = R"({"op": "with_columns", "columns": [
    {"kind": "indicator", "indicator": "ema", "inputs": ["x"], "params": {"timeperiod": 5},
     "outputs": ["ema"]}]})";

Plan exchange(const std::string& more = "") {
  return Plan::parse(tree(input(leaf_text(), more), kEma)).value_or_throw();
}
Plan union_of_two(const std::string& steps = kEma) {
  return Plan::parse(tree(input(leaf_text()) + "," + input(leaf_text()), steps)).value_or_throw();
}
Plan union_of_unions() {
  const std::string two = tree(input(leaf_text()) + "," + input(leaf_text()), kEma);
  return Plan::parse(tree(input(two) + "," + input(two), R"({"op": "with_columns", "columns": [
      {"kind": "expr", "name": "before", "expr": {"fn": "shift", "args": [{"col": "ema"}, 1]}}]})"))
      .value_or_throw();
}

// Values of good records, some moved some minutes back: within the grace, and now and then beyond.
Partitions disordered(std::int32_t partitions, std::int64_t rows, unsigned seed) {
  std::minstd_rand random(seed);
  Partitions all = mixed_records(partitions, rows);
  for (std::int32_t p = 0; p < partitions; ++p) {
    for (std::int64_t o = 0; o < rows; ++o) {
      const std::int64_t most = random() % 50 == 0 ? 30 : 6;
      const auto back = static_cast<std::int64_t>(random()) % most;
      FakeRecord& record = all[static_cast<std::size_t>(p)][static_cast<std::size_t>(o)];
      if (o % 97 == 13 || o % 101 == 50 || record.tombstone) continue;  // bad ones stay as they are
      record.value = good_record(p, std::max<std::int64_t>(0, o - back)).value;
    }
  }
  return all;
}

record::RecordBatch decoded(const Plan& leaf, const std::vector<FakeRecord>& records,
                            record::TaskId task) {
  const auto decoder = decode::make_decoder(leaf.format(), leaf.input_schema()).value_or_throw();
  decode::BatchBuilder builder(leaf.input_schema(), records.size() + 1);
  for (const FakeRecord& record : records) {
    if (!record.tombstone && !decoder->append(record.value, builder)) builder.commit(record.offset);
  }
  record::RecordBatch batch = builder.finish();
  batch.task = task;
  return batch;
}

// What one merge comes to with each partition in a single batch, without engine or threads.
// `of_leaves`: the partitions of each leaf.
Digest expected_merge(const Plan& plan, const std::vector<Partitions>& of_leaves) {
  MergedTask merged = MergedTask::create(plan, true).value_or_throw();
  for (std::uint32_t leaf = 0; leaf < of_leaves.size(); ++leaf) {
    for (std::size_t p = 0; p < of_leaves[leaf].size(); ++p) {
      const auto partition = static_cast<std::int32_t>(p);
      const Plan& of_leaf = *plan.inputs()[leaf].plan;
      record::RecordBatch batch =
          decoded(of_leaf, of_leaves[leaf][p], {.topic = 0, .partition = partition});
      pipeline::Task task = pipeline::Task::create(of_leaf, false).value_or_throw();
      record::Rejects rejects;
      // The rules come before what counts as read.
      std::vector<ops::OperatorPtr> rules = of_leaf.instantiate().value_or_throw();
      rules.resize(of_leaf.leading_rules());
      for (const ops::OperatorPtr& rule : rules) rule->process(batch, rejects).throw_if_error();
      const record::BufferPtr offsets = batch.offsets;
      const record::BufferPtr times = batch.event_times;
      const std::size_t rows = batch.rows();
      task.process(batch, rejects).throw_if_error();
      const pipeline::Merge::Read read{.offsets = {offsets->as<std::int64_t>(), rows},
                                       .times = {times->as<std::int64_t>(), rows}};
      const auto channel =
          merged.merge().open({.input = leaf, .topic = "fake", .partition = partition});
      merged.merge().add(channel, batch, &read);
    }
  }
  merged.finish([](record::RecordBatch&, record::Rejects&) -> base::Status { return {}; })
      .throw_if_error();
  return merged.digest();
}

std::vector<FakeStep> steps_of(const std::vector<std::int32_t>& partitions,
                               const std::vector<std::vector<FakeRecord>>& polls) {
  std::vector<FakeStep> steps(1);
  for (const std::int32_t p : partitions) steps[0].events.push_back(assigned(p, 1));
  for (const std::vector<FakeRecord>& records : polls)
    steps.push_back({.records = records, .events = {}});
  return steps;
}

// A record at a minute that passes all steps.
FakeRecord at_minute(std::int32_t partition, std::int64_t offset, std::int64_t minute) {
  FakeRecord record = good_record(partition, minute);
  const std::size_t x = record.value.find("\"x\":");
  record.value = record.value.substr(0, x) + "\"x\":1.5,\"n\":1}";
  record.offset = offset;
  return record;
}

std::int64_t last_commit(const std::shared_ptr<FakeLog>& log, std::int32_t partition) {
  const std::lock_guard lock(log->mutex);
  std::int64_t last = -1;
  for (const source::TaskPosition& commit : log->commits) {
    if (commit.task.partition == partition) last = commit.position;
  }
  return last;
}

}  // namespace

TEST_CASE("exchange: any cut, any threads, any rings: the same digest and dead letters") {
  unsigned seed = 1;
  for (const std::size_t batch_rows : {1U, 7U, 4096U}) {
    const Partitions partitions = disordered(3, batch_rows == 1 ? 150 : 1'500, seed);
    const Digest expected = expected_merge(exchange(), {partitions});
    REQUIRE(expected.rows() > 300);
    for (const unsigned threads : {1U, 2U, 4U}) {
      Rig rig;
      rig.plan = exchange();
      rig.options = {.batch_rows = batch_rows,
                     .ring_batches = threads == 4 ? 1U : 64U,
                     .compute_threads = threads,
                     .digest = true};
      rig.add(random_polls(partitions, batch_rows == 1 ? 40 : 500, seed++));
      const auto engine = rig.run_merging();
      REQUIRE(engine->status().message.empty());
      REQUIRE(engine->status().state == EngineState::kFinished);
      CHECK(engine->digest().rows() == expected.rows());
      CHECK(engine->digest().columns() == expected.columns());
      CHECK(engine->status().rejected.at("rule") > 0);
      CHECK(engine->status().tasks.size() == 3);
    }
  }
}

TEST_CASE("exchange: partitions of several ingest threads, whichever is first") {
  const Partitions partitions = disordered(4, 1'000, 50);
  const Digest expected = expected_merge(exchange(), {partitions});
  for (unsigned seed = 0; seed < 4; ++seed) {
    Rig rig;
    rig.plan = exchange();
    rig.options = {.batch_rows = 100, .compute_threads = 2, .digest = true};
    for (const std::size_t half : {0U, 2U}) {
      Partitions own(4);
      own[half] = partitions[half];
      own[half + 1] = partitions[half + 1];
      std::vector<FakeStep> steps = random_polls(own, 200, seed);
      std::erase_if(steps[0].events, [&](const source::SourceEvent& event) {
        return static_cast<std::size_t>(event.task.partition) / 2 != half / 2;
      });
      if (half == seed % 2 * 2) {
        steps[0].before = [] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); };
      }
      rig.add(std::move(steps));
    }
    const auto engine = rig.run_merging();
    REQUIRE(engine->status().state == EngineState::kFinished);
    CHECK(engine->digest().columns() == expected.columns());
  }
}

TEST_CASE("union: two topics and their partitions, any cut, any threads: the same digest") {
  const std::vector<Partitions> both{disordered(2, 1'200, 61), disordered(3, 800, 62)};
  const Digest expected = expected_merge(union_of_two(), both);
  for (unsigned seed = 0; seed < 6; ++seed) {
    Rig rig;
    rig.plan = union_of_two();
    rig.options = {.batch_rows = 64, .compute_threads = 1 + seed % 3, .digest = true};
    rig.add(random_polls(both[0], 300, seed), FakeSource::Then::kEnd, "fake");
    rig.add(random_polls(both[1], 30, seed + 9), FakeSource::Then::kEnd, "fake");
    const auto engine = rig.run_merging();
    REQUIRE(engine->status().state == EngineState::kFinished);
    CHECK(engine->digest().rows() == expected.rows());
    CHECK(engine->digest().columns() == expected.columns());
  }
}

TEST_CASE("union of unions: the same digest on any number of threads") {
  std::vector<Partitions> all;
  for (unsigned i = 0; i < 4; ++i) all.push_back(disordered(2, 500, 70 + i));
  std::vector<std::uint64_t> first;
  for (unsigned seed = 0; seed < 6; ++seed) {
    Rig rig;
    rig.plan = union_of_unions();
    rig.options = {
        .batch_rows = seed % 2 == 0 ? 4096U : 50U, .compute_threads = 1 + seed % 4, .digest = true};
    for (unsigned i = 0; i < 4; ++i) {
      rig.add(random_polls(all[i], 50 + 100 * i, seed * 7 + i), FakeSource::Then::kEnd,
              "t" + std::to_string(i));
    }
    const auto engine = rig.run_merging();
    REQUIRE(engine->status().state == EngineState::kFinished);
    if (first.empty()) first = engine->digest().columns();
    CHECK(engine->digest().rows() > 1'000);
    CHECK(engine->digest().columns() == first);
  }
}

TEST_CASE("merged rows: frames and collected results know where each came from") {
  const Partitions partitions = disordered(3, 400, 80);
  for (const bool collect : {false, true}) {
    Rig rig;
    rig.plan = exchange();
    rig.options.collect = collect;
    rig.options.batch_rows = 50;
    rig.add(random_polls(partitions, 100, 5));
    const auto engine = rig.run_merging();
    const pipeline::Frame frame = collect ? engine->take_collected() : engine->frame(10'000);
    REQUIRE(frame.rows > 500);
    const auto* times = frame.columns[0].values<std::int64_t>();
    if (collect) CHECK(std::is_sorted(times, times + frame.rows));
    for (std::size_t i = 0; i < frame.rows; ++i) {
      const auto p = static_cast<std::size_t>(frame.partitions->as<std::int32_t>()[i]);
      const auto o = static_cast<std::size_t>(frame.offsets->as<std::int64_t>()[i]);
      const record::Column& keys = frame.columns[1];
      const std::string key(keys.dictionary->text(keys.values<std::int32_t>()[i]));
      REQUIRE(partitions[p][o].value.find("\"" + key + "\"") != std::string::npos);
      REQUIRE(partitions[p][o].value.find("\"t\":" + std::to_string(times[i] / 1'000'000)) !=
              std::string::npos);
    }
  }
}

TEST_CASE("a position is committed once its rows have come out of the merge") {
  Rig rig;
  rig.plan = exchange();
  rig.options.commit_interval = std::chrono::milliseconds(1);
  std::atomic<bool> go{false};
  std::vector<FakeStep> steps =
      steps_of({0, 1}, {{at_minute(0, 0, 10), at_minute(0, 1, 30), at_minute(0, 2, 50)},
                        {at_minute(1, 0, 20)},
                        {at_minute(1, 1, 60)}});
  steps.back().before = [&] {
    while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  rig.add(std::move(steps), FakeSource::Then::kSilence);
  const auto engine = rig.start_merging();
  REQUIRE(engine->wait_rows(0, std::chrono::seconds(30)));  // minute 10: 20 - 5 is beyond it
  go = true;
  REQUIRE(engine->wait_rows(2, std::chrono::seconds(30)));  // and 20 and 30, but not 50
  CHECK(eventually([&] { return last_commit(rig.logs[0], 0) == 2; }));
  CHECK(eventually([&] { return last_commit(rig.logs[0], 1) == 1; }));
  engine->stop();  // what waits for others will be read again
  CHECK(engine->frame(10).rows == 3);
  CHECK(last_commit(rig.logs[0], 0) == 2);
  CHECK(last_commit(rig.logs[0], 1) == 1);
}

TEST_CASE("a partition that is silent holds the others back, and status says which") {
  Rig rig;
  rig.plan = exchange();
  rig.add(steps_of({0, 1}, {{at_minute(0, 0, 10), at_minute(0, 1, 30)}}),
          FakeSource::Then::kSilence, "trades");
  const auto engine = rig.start_merging();
  const auto message = [&] { return engine->status().message; };
  CHECK(eventually(
      [&] { return message().starts_with("results wait for trades[1], which has had"); }));
  CHECK(message().find("idle_timeout=") != std::string::npos);
  CHECK(engine->status().rows == 0);
  engine->stop();
  CHECK(engine->status().rows == 0);
  CHECK(message().empty());
}

TEST_CASE("a partition without a record is not waited for, until it has one") {
  Rig rig;
  rig.plan = exchange();
  std::atomic<bool> go{false};
  std::vector<FakeStep> steps = steps_of(
      {0, 1},
      {{at_minute(0, 0, 10), at_minute(0, 1, 30)}, {at_minute(1, 0, 31)}, {at_minute(0, 2, 99)}});
  steps[2].before = [&] {
    while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  rig.add(std::move(steps), FakeSource::Then::kSilence);
  rig.logs[0]->unread = 0;
  const auto engine = rig.start_merging();
  CHECK(engine->wait_rows(0, std::chrono::seconds(30)));
  CHECK(engine->status().rows == 1);  // 30 is within the grace of its own partition
  go = true;
  CHECK_FALSE(engine->wait_rows(1, std::chrono::milliseconds(300)));  // 31 - 5 is not beyond 30
}

TEST_CASE("idle_timeout: a partition that stays silent is left out") {
  Rig rig;
  rig.plan = exchange(R"(, "idle_timeout_ns": 300000000)");
  rig.add(steps_of({0, 1}, {{at_minute(1, 0, 2), at_minute(0, 0, 10), at_minute(0, 1, 30)}}),
          FakeSource::Then::kSilence);
  rig.logs[0]->unread = 0;
  const auto engine = rig.start_merging();
  // Both fall silent, and so everything comes out.
  CHECK(engine->wait_rows(2, std::chrono::seconds(30)));
}

TEST_CASE("a source far ahead of another is paused, and read on when the other has caught up") {
  Rig rig;
  rig.plan = Plan::parse(tree(input(leaf_text()) + "," + input(leaf_text()),
                              R"({"op": "select", "columns": ["t"]})"))
                 .value_or_throw();
  rig.options.ring_batches = 256;  // so that nothing else pauses it
  constexpr std::int64_t kRows = 2 * static_cast<std::int64_t>(pipeline::Merge::kAheadRows);
  std::vector<std::vector<FakeRecord>> fast;
  for (std::int64_t row = 0; row < kRows; ++row) {
    if (row % 1'000 == 0) fast.emplace_back();
    fast.back().push_back(at_minute(0, row, row));
  }
  // Once the merge has more than it wants, the next rows are not asked for.
  std::atomic<pipeline::Engine*> running{nullptr};
  std::vector<FakeStep> steps = steps_of({0}, fast);
  steps[steps.size() - 20].before = [&running] {
    (void)eventually([&running] {
      if (running == nullptr) return false;
      const auto tasks = running.load()->status().tasks;
      return std::any_of(tasks.begin(), tasks.end(), [](const pipeline::TaskStatus& task) {
        return task.position.position > static_cast<std::int64_t>(pipeline::Merge::kAheadRows);
      });
    });
  };
  rig.add(std::move(steps), FakeSource::Then::kEnd, "fast");
  std::vector<FakeStep> slow = steps_of({0}, {{at_minute(0, 0, kRows + 100)}});
  slow.back().before = [log = rig.logs[0]] { (void)eventually([&] { return log->pauses > 0; }); };
  rig.add(std::move(slow), FakeSource::Then::kEnd, "slow");
  const auto engine = rig.start_merging();
  running = engine.get();
  CHECK(engine->wait(std::chrono::seconds(60)));
  CHECK(engine->status().state == EngineState::kFinished);
  CHECK(rig.logs[0]->pauses == 1);
  CHECK(rig.logs[0]->resumes == 1);
  CHECK(rig.logs[1]->pauses == 0);
  CHECK(engine->status().rows == static_cast<std::uint64_t>(kRows + 1));
}

TEST_CASE("rows of a partition that goes elsewhere go with it, and it is not waited for") {
  Rig rig;
  rig.plan = exchange();
  rig.options.commit_interval = std::chrono::milliseconds(1);
  std::vector<FakeStep> steps =
      steps_of({0, 1}, {{at_minute(0, 0, 10), at_minute(1, 0, 11)}, {}, {at_minute(0, 1, 30)}});
  steps[2].events.push_back(revoked(1, 1));
  rig.add(std::move(steps), FakeSource::Then::kSilence);
  const auto engine = rig.start_merging();
  REQUIRE(engine->wait_rows(0, std::chrono::seconds(30)));
  CHECK(engine->frame(10).partitions->as<std::int32_t>()[0] == 0);
  engine->stop();
  CHECK(offsets_of(engine->frame(10)) == std::vector<std::int64_t>{0});
  CHECK(last_commit(rig.logs[0], 1) <= 0);
}

TEST_CASE("a run that is to have no dead letters ends with one behind the merge, too") {
  Rig rig;
  rig.plan = union_of_two(R"({"op": "validate", "rules": [{"name": "early", "expr": {"fn": "<",
      "args": [{"col": "x"}, {"lit": 0.0, "type": "float64"}]}}]})");
  rig.options.fail_on_reject = true;
  rig.add(steps_of({3}, {{at_minute(3, 7, 10)}}), FakeSource::Then::kEnd, "left");
  rig.add(steps_of({5}, {{at_minute(5, 8, 20)}}), FakeSource::Then::kEnd, "right");
  const auto engine = rig.run_merging();
  REQUIRE(engine->failure());
  CHECK(engine->failure()->code == base::ErrorCode::kRecordRejected);
  CHECK(engine->failure()->message.starts_with("left[3]@7 key=K3_"));
}

TEST_CASE("an engine that merges refuses to lose rows, and sources that do not fit its plan") {
  const auto refused = [](pipeline::Overflow overflow, std::size_t leaves) {
    Rig rig;
    std::vector<pipeline::Engine::Sources> sources(leaves);
    for (std::size_t leaf = 0; leaf < leaves; ++leaf) {
      rig.add({});
      sources[leaf].push_back(std::move(rig.sources.back()));
    }
    pipeline::EngineOptions options;
    options.overflow = overflow;
    const auto engine =
        pipeline::Engine::create_merging(union_of_two(), std::move(sources), options);
    return engine ? std::string() : engine.error().message;
  };
  CHECK(refused(pipeline::Overflow::kPause, 2).empty());
  CHECK(refused(pipeline::Overflow::kDropOldest, 2).starts_with("overflow: "));
  CHECK(refused(pipeline::Overflow::kPause, 1) ==
        "this plan reads 2 streams, there are sources of 1");
}

TEST_CASE("the last records of a partition may come with the news that it has ended") {
  Rig rig;
  rig.plan = union_of_two();
  for (const std::int64_t minute : {10, 20}) {
    std::vector<FakeStep> steps = steps_of({0}, {{at_minute(0, 0, minute)}});
    steps[1].events.push_back({.kind = source::EventKind::kReachedEnd,
                               .task = {0, 0},
                               .epoch = 1,
                               .offset = 1,
                               .error = {}});
    rig.add(std::move(steps));
  }
  CHECK(rig.run_merging()->status().rows == 2);
}
