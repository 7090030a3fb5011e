// The ingest thread through an engine: room, assignments, commits.
#include <headrace/pipeline/ingest.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "catch.hpp"
#include "engine_rig.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::EngineState;
using pipeline::EngineStatus;
using pipeline::Overflow;

namespace {

// Steps of one record each, all of partition 0.
std::vector<FakeStep> one_by_one(std::int64_t rows) {
  std::vector<FakeStep> steps(1);
  steps[0].events = {assigned(0, 1)};
  for (std::int64_t o = 0; o < rows; ++o) {
    steps.push_back({.records = {good_record(0, o)}, .events = {}, .before = {}});
  }
  return steps;
}

}  // namespace

TEST_CASE("a full ring pauses the source, polling goes on, nothing is lost") {
  Rig rig;
  Gate gate;
  rig.options = {.batch_rows = 1, .ring_batches = 4, .digest = true};
  rig.on_write([&](const record::BatchPtr&) { gate.pass(); });
  const Partitions partitions = mixed_records(1, 200, false);
  const pipeline::Digest expected = expected_digest(rig.plan, partitions);
  rig.add(one_by_one(200));
  const auto engine = rig.start();
  REQUIRE(eventually([&] { return rig.logs[0]->pauses > 0; }));
  const int polls = rig.logs[0]->polls;
  CHECK(eventually([&] { return rig.logs[0]->polls > polls + 20; }));
  CHECK(engine->status().rows <= 1);
  gate.open();
  REQUIRE(engine->wait(std::chrono::seconds(30)));
  CHECK(rig.logs[0]->resumes > 0);
  CHECK(engine->status().pauses > 0);
  CHECK(engine->status().dropped == 0);
  CHECK(engine->digest().columns() == expected.columns());
}

TEST_CASE("drop_oldest keeps the newest rows and counts the others") {
  Rig rig;
  Gate gate;
  rig.options = {.batch_rows = 1, .ring_batches = 4, .overflow = Overflow::kDropOldest};
  rig.on_write([&](const record::BatchPtr&) { gate.pass(); });
  rig.add(one_by_one(300), FakeSource::Then::kSilence);
  const auto engine = rig.start();
  REQUIRE(eventually([&] { return engine->status().records == 300; }));
  gate.open();
  REQUIRE(eventually([&] {
    const EngineStatus status = engine->status();
    return status.rows + status.dropped == 300;
  }));
  CHECK(rig.logs[0]->pauses == 0);
  const pipeline::Frame frame = engine->frame(300);
  REQUIRE(frame.rows >= 4);
  CHECK(frame.rows < 30);
  CHECK(frame.offsets->as<std::int64_t>()[frame.rows - 1] == 299);
  CHECK(frame.offsets->as<std::int64_t>()[frame.rows - 2] == 298);
  CHECK(eventually([&] { return engine->status().tasks[0].position.position == 300; }));
}

TEST_CASE("conflate keeps the newest row of each key and counts the others") {
  Rig rig;
  Gate gate;
  rig.options = {.batch_rows = 8, .ring_batches = 4, .overflow = Overflow::kConflate};
  rig.on_write([&](const record::BatchPtr&) { gate.pass(); });
  rig.add(one_by_one(2'000), FakeSource::Then::kSilence);
  const auto engine = rig.start();
  REQUIRE(eventually([&] { return engine->status().records == 2'000; }));
  gate.open();
  REQUIRE(eventually([&] {
    const EngineStatus status = engine->status();
    return status.rows + status.dropped == 2'000;
  }));
  CHECK(engine->status().dropped > 1'000);
  const pipeline::Frame frame = engine->frame(2'000);
  std::map<std::string, std::int64_t> newest;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const std::int64_t offset = frame.offsets->as<std::int64_t>()[i];
    newest[good_record(0, offset).key] = offset;
  }
  CHECK(newest.size() == 7);
  for (const auto& [key, offset] : newest) {
    for (std::int64_t later = offset + 1; later < 2'000; ++later) {
      REQUIRE(good_record(0, later).key != key);
    }
  }
}

TEST_CASE("nothing of a revoked task is handed on, and its state begins anew") {
  Rig rig;
  Gate gate;
  rig.options = {.batch_rows = 4, .ring_batches = 64};
  std::atomic<int> batches{0};
  rig.on_write([&](const record::BatchPtr&) {
    if (++batches == 2) gate.pass();
  });
  std::vector<FakeStep> steps(1);
  steps[0].events = {assigned(0, 1)};
  FakeStep rows;
  for (std::int64_t o = 0; o < 40; ++o) rows.records.push_back(good_record(0, o));
  steps.push_back(rows);
  steps.push_back({.records = {}, .events = {revoked(0, 1)}, .before = [&] {
                     (void)eventually([&] { return batches == 2; });
                   }});
  FakeStep again{.records = {}, .events = {assigned(0, 2, 20)}, .before = {}};
  for (std::int64_t o = 20; o < 30; ++o) again.records.push_back(good_record(0, o));
  steps.push_back(again);
  steps[3].before = [&] { gate.open(); };
  rig.add(std::move(steps));
  const auto engine = rig.run();
  const EngineStatus status = engine->status();
  CHECK(status.state == EngineState::kFinished);
  CHECK(status.records == 50);
  // Two batches were out before; the second assignment is complete.
  CHECK(status.rows == 8 + 10);
  CHECK(status.stale == 40 - 8);
  CHECK(status.message.find("fake/0 was assigned anew") == 0);
  const pipeline::Frame frame = engine->frame(10);
  const std::size_t sma = static_cast<std::size_t>(engine->schema()->index_of("sma"));
  CHECK(frame.offsets->as<std::int64_t>()[0] == 20);
  CHECK(std::isnan(frame.columns[sma].values<double>()[0]));
}

TEST_CASE("records that come for a task after it was given back are not handed on") {
  Rig rig;
  std::vector<FakeStep> steps(3);
  steps[0].events = {assigned(0, 1)};
  steps[1].events = {revoked(0, 1)};
  for (std::int64_t o = 0; o < 5; ++o) steps[2].records.push_back(good_record(0, o));
  rig.add(std::move(steps));
  const auto engine = rig.run();
  CHECK(engine->status().rows == 0);
  CHECK(engine->status().stale == 5);
}

TEST_CASE("positions are committed only once their results are acknowledged") {
  Rig rig;
  auto sink = std::make_shared<FakeSink>();
  rig.sinks = {sink};
  rig.options = {.batch_rows = 10, .commit_interval = std::chrono::milliseconds(20)};
  rig.add(random_polls(mixed_records(1, 100, false), 10, 2), FakeSource::Then::kSilence);
  sink->hold_flush = true;
  const auto engine = rig.start();
  REQUIRE(eventually([&] { return sink->flushes > 2; }));
  {
    const std::lock_guard lock(rig.logs[0]->mutex);
    CHECK(rig.logs[0]->commits.empty());
  }
  sink->hold_flush = false;
  REQUIRE(eventually([&] {
    const std::lock_guard lock(rig.logs[0]->mutex);
    return !rig.logs[0]->commits.empty() && rig.logs[0]->commits.back().position == 100;
  }));
  engine->stop();
}

TEST_CASE("the end of a bounded run: rows out, sinks flushed, positions committed, in this order") {
  Rig rig;
  auto sink = std::make_shared<FakeSink>();
  rig.sinks = {sink};
  rig.add(random_polls(mixed_records(2, 500), 100, 4));
  const auto engine = rig.run();
  CHECK(engine->status().state == EngineState::kFinished);
  CHECK(sink->rows == engine->status().rows);
  CHECK(sink->rejects == engine->rejects().size());
  CHECK(sink->rows_at_last_flush == sink->rows);
  const std::lock_guard lock(rig.logs[0]->mutex);
  REQUIRE(rig.logs[0]->commits.size() >= 2);
  std::map<std::int32_t, std::int64_t> last;
  for (const auto& commit : rig.logs[0]->commits) last[commit.task.partition] = commit.position;
  CHECK(last == std::map<std::int32_t, std::int64_t>{{0, 500}, {1, 500}});
}

TEST_CASE("what is finished of a revoked task is committed before it is given back") {
  Rig rig;
  std::vector<FakeStep> steps(1);
  steps[0].events = {assigned(0, 1)};
  for (std::int64_t o = 0; o < 10; ++o) steps[0].records.push_back(good_record(0, o));
  for (int i = 0; i < 3; ++i) steps.push_back({});
  rig.options = {.commit_interval = std::chrono::hours(1)};
  std::atomic<bool> computed{false};
  rig.on_batch = [&](const record::BatchPtr&) { computed = true; };
  steps.push_back({.records = {}, .events = {}, .before = [&] {
                     (void)eventually([&] { return computed.load(); });
                     std::this_thread::sleep_for(std::chrono::milliseconds(20));
                   }});
  steps.push_back({.records = {}, .events = {revoked(0, 1)}, .before = {}});
  std::size_t commits_at_next_poll = 0;
  std::shared_ptr<FakeLog> log;
  steps.push_back({.records = {}, .events = {}, .before = [&] {
                     const std::lock_guard lock(log->mutex);
                     commits_at_next_poll = log->commits.size();
                   }});
  rig.add(std::move(steps));
  log = rig.logs[0];
  const auto engine = rig.run();
  CHECK(commits_at_next_poll == 1);
  CHECK(log->commits[0].position == 10);
  CHECK(log->commits[0].epoch == 1);
}

TEST_CASE("trouble of the source is shown while it lasts, undelivered records are dead letters") {
  Rig rig;
  source::SourceEvent broken{.kind = source::EventKind::kBroken,
                             .task = {},
                             .epoch = 0,
                             .offset = -1,
                             .error = {.message = "cannot reach 127.0.0.1:1"}};
  source::SourceEvent healed = broken;
  healed.kind = source::EventKind::kHealed;
  source::SourceEvent rejected{.kind = source::EventKind::kRejected,
                               .task = {0, 0},
                               .epoch = 1,
                               .offset = 0,
                               .error = {.message = "bad compression"}};
  std::atomic<bool> seen{false};
  std::vector<FakeStep> steps(4);
  steps[0].events = {assigned(0, 1), broken};
  steps[1].before = [&] { (void)eventually([&] { return seen.load(); }); };
  steps[1].events = {healed, rejected};
  steps[2].records = {good_record(0, 1)};
  rig.add(std::move(steps));
  const auto engine = rig.start();
  CHECK(eventually([&] { return engine->status().message == "cannot reach 127.0.0.1:1"; }));
  seen = true;
  REQUIRE(engine->wait(std::chrono::seconds(10)));
  CHECK(engine->status().message.empty());
  REQUIRE(engine->rejects().size() == 1);
  CHECK(engine->rejects()[0].reason == record::RejectReason::kBroker);
  CHECK(engine->status().records == 2);
  CHECK(engine->status().rows == 1);
}

TEST_CASE(
    "a small batch is worked off at once by the ingest thread, unless a sink might hold it up") {
  for (const bool with_sink : {false, true}) {
    Rig rig;
    std::set<std::thread::id> at_work;
    rig.on_batch = [&](const record::BatchPtr&) { at_work.insert(std::this_thread::get_id()); };
    std::thread::id ingest;
    std::vector<FakeStep> steps = one_by_one(20);
    steps[0].before = [&] { ingest = std::this_thread::get_id(); };
    rig.add(std::move(steps));
    if (with_sink) rig.on_write([](const record::BatchPtr&) {});
    const auto engine = rig.run();
    REQUIRE(engine->status().rows == 20);
    CHECK(at_work.size() == 1);
    CHECK(at_work.contains(ingest) != with_sink);
  }
}
