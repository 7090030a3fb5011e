// Stopping an engine from every state, and the state machine by itself.
#include <headrace/pipeline/lifecycle.hpp>

#include <atomic>
#include <thread>

#include "catch.hpp"
#include "engine_rig.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::EngineState;
using pipeline::Lifecycle;
using std::chrono::milliseconds;

namespace {

// Seconds: far more than it takes, far less than whoever hangs would take; the machine does other
// work, too.
constexpr double kPromptly = 2.5;
// In which what waits is worked off.
constexpr double kInTime = 0.1;

}  // namespace

TEST_CASE("an engine that was never started stops, and cannot be started any more") {
  Rig rig;
  rig.add({}, FakeSource::Then::kSilence);
  const auto engine =
      pipeline::Engine::create(rig.plan, std::move(rig.sources), {}).value_or_throw();
  engine->stop();
  CHECK(engine->wait(milliseconds(0)));
  CHECK(engine->status().state == EngineState::kStopped);
  CHECK_FALSE(engine->start().ok());
}

TEST_CASE("who waits for a run that never begins is woken by a stop") {
  Lifecycle life([] {}, [] {});
  std::thread stopper([&life] {
    std::this_thread::sleep_for(milliseconds(50));
    life.request_stop();
  });
  bool over = false;
  CHECK(seconds_of([&] { over = life.wait(milliseconds(10'000)); }) < kPromptly);
  CHECK(over);
  stopper.join();
}

TEST_CASE("stop is prompt while the source is silent, and repeated") {
  Rig rig;
  rig.add({}, FakeSource::Then::kSilence);
  const auto engine = rig.start();
  std::this_thread::sleep_for(milliseconds(30));
  CHECK(seconds_of([&] { engine->stop(); }) < kPromptly);
  engine->stop();
  engine->request_stop();
  CHECK(engine->status().state == EngineState::kStopped);
  CHECK(rig.logs[0]->closed);
  CHECK_FALSE(rig.logs[0]->polled_after_close);
}

TEST_CASE("stop is prompt right after the start, by the destructor too") {
  for (int i = 0; i < 20; ++i) {
    Rig rig;
    rig.add({}, FakeSource::Then::kSilence);
    CHECK(seconds_of([&] { (void)rig.start(); }) < kPromptly);
  }
}

TEST_CASE("stop is prompt while rings are full and computing is slow; what was done is a prefix") {
  Rig rig;
  rig.options = {.batch_rows = 1, .ring_batches = 8};
  rig.on_write([](const record::BatchPtr&) { std::this_thread::sleep_for(milliseconds(20)); });
  const Partitions partitions = mixed_records(1, 2'000, false);
  rig.add(random_polls(partitions, 50, 6));
  const auto engine = rig.start();
  REQUIRE(eventually([&] { return rig.logs[0]->pauses > 0; }));
  CHECK(seconds_of([&] { engine->stop(); }) < kPromptly);
  const pipeline::EngineStatus status = engine->status();
  CHECK(status.state == EngineState::kStopped);
  const pipeline::Frame frame = engine->frame(2'000);
  REQUIRE(frame.rows == status.rows);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    REQUIRE(frame.offsets->as<std::int64_t>()[i] == static_cast<std::int64_t>(i));
  }
  const std::lock_guard lock(rig.logs[0]->mutex);
  REQUIRE_FALSE(rig.logs[0]->commits.empty());
  // The row that was being written when time was up has been shown, and is not done.
  const auto rows = static_cast<std::int64_t>(frame.rows);
  const std::int64_t committed = rig.logs[0]->commits.back().position;
  CHECK((committed == rows || committed == rows - 1));
}

TEST_CASE("stop works off what waits when it is little") {
  const Partitions partitions = mixed_records(1, 1'000, false);
  for (int attempt = 0; attempt < 5; ++attempt) {
    Rig rig;
    std::atomic<bool> all{false};
    std::vector<FakeStep> steps = random_polls(partitions, 100, 6);
    steps.push_back({.records = {}, .events = {}, .before = [&] { all = true; }});
    rig.add(std::move(steps), FakeSource::Then::kSilence);
    const auto engine = rig.start();
    REQUIRE(eventually([&] { return all.load(); }));
    if (seconds_of([&] { engine->stop(); }) > kInTime) continue;  // this process stood still
    CHECK(engine->status().rows == 1'000);
    return;
  }
  FAIL("never stopped in time");
}

TEST_CASE("stop is prompt while a sink hangs in flush or write, and commits nothing of it") {
  for (const bool in_write : {false, true}) {
    Rig rig;
    auto sink = std::make_shared<FakeSink>();
    rig.sinks = {sink};
    rig.options = {.commit_interval = milliseconds(5)};
    sink->hold_flush = !in_write;
    sink->hold_write = in_write;
    rig.add(random_polls(mixed_records(1, 100, false), 10, 2), FakeSource::Then::kSilence);
    const auto engine = rig.start();
    REQUIRE(eventually([&] { return in_write ? sink->writes > 0 : sink->flushes > 0; }));
    CHECK(seconds_of([&] { engine->stop(); }) < kPromptly);
    CHECK(engine->status().state == EngineState::kStopped);
    const std::lock_guard lock(rig.logs[0]->mutex);
    CHECK(rig.logs[0]->commits.empty());
  }
}

TEST_CASE("a sink's error ends the run") {
  Rig rig;
  auto sink = std::make_shared<FakeSink>();
  rig.sinks = {sink};
  sink->fail_write = true;
  rig.add(random_polls(mixed_records(1, 100, false), 10, 2), FakeSource::Then::kSilence);
  const auto engine = rig.start();
  REQUIRE(engine->wait(std::chrono::seconds(10)));
  CHECK(engine->status().state == EngineState::kFailed);
  CHECK(engine->failure()->code == base::ErrorCode::kKafka);
}

TEST_CASE("results that a sink has lost end the run and are not committed") {
  Rig rig;
  auto sink = std::make_shared<FakeSink>();
  rig.sinks = {sink};
  sink->lose = true;
  rig.add(random_polls(mixed_records(1, 100, false), 10, 2));
  const auto engine = rig.run();
  CHECK(engine->status().state == EngineState::kFailed);
  CHECK(engine->failure()->message == "not delivered");
  const std::lock_guard lock(rig.logs[0]->mutex);
  CHECK(rig.logs[0]->commits.empty());
}

TEST_CASE("an exception on any thread fails the run instead of ending the program") {
  for (const bool on_compute : {false, true}) {
    Rig rig;
    const auto broken = [](const record::BatchPtr&) { throw std::runtime_error("listener broke"); };
    if (on_compute) {
      rig.on_write(broken);
    } else {
      rig.on_batch = broken;  // small batches: the ingest thread works them off
    }
    rig.add(random_polls(mixed_records(1, 100, false), 10, 2), FakeSource::Then::kSilence);
    const auto engine = rig.start();
    REQUIRE(engine->wait(std::chrono::seconds(10)));
    CHECK(engine->failure()->message == "listener broke");
    engine->stop();
    CHECK(rig.logs[0]->closed);
  }
}

TEST_CASE("waiting for rows ends with the run") {
  Rig rig;
  rig.add({}, FakeSource::Then::kSilence);
  const auto engine = rig.start();
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(50));
    engine->request_stop();
  });
  CHECK(seconds_of([&] { CHECK_FALSE(engine->wait_rows(0, std::chrono::seconds(30))); }) < 5);
  stopper.join();
}

TEST_CASE("the first error counts, and nothing is worked off after one") {
  int woken = 0;
  int over = 0;
  Lifecycle life([&] { ++woken; }, [&] { ++over; });
  life.started(1, 1);
  CHECK_FALSE(life.past_drain());
  life.fail({.code = base::ErrorCode::kModel, .message = "first"});
  life.fail({.code = base::ErrorCode::kIo, .message = "second"});
  CHECK(woken == 2);
  CHECK(life.stopping());
  CHECK(life.past_drain());
  CHECK(life.past_flush());
  CHECK_FALSE(life.ended());
  CHECK_FALSE(life.wait_computes(milliseconds(1)));
  life.compute_ended();
  CHECK(life.wait_computes(milliseconds(1)));
  life.ingest_ended();
  CHECK(over == 1);
  CHECK(life.state() == EngineState::kFailed);
  CHECK(life.failure()->message == "first");
}

TEST_CASE("a stop leaves time to work off what waits, then for sinks") {
  Lifecycle life([] {}, [] {});
  life.started(1, 1);
  life.request_stop();
  CHECK_FALSE(life.past_drain());
  std::this_thread::sleep_for(Lifecycle::kDrain + milliseconds(5));
  CHECK(life.past_drain());
  std::this_thread::sleep_for(Lifecycle::kFlush);
  CHECK(life.past_flush());
}
