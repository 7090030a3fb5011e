#include <headrace/pipeline/engine.hpp>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "catch.hpp"
#include "engine_rig.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::EngineState;
using pipeline::EngineStatus;
using pipeline::Frame;

TEST_CASE("any cut, any threads, any rings: the same digest as one batch on no thread") {
  const pipeline::Plan plan = pipeline::Plan::parse(test_plan()).value_or_throw();
  unsigned seed = 1;
  for (const std::size_t batch_rows : {1U, 7U, 256U, 4096U}) {
    // A ring of one batch of one row hands over a row a millisecond.
    const Partitions partitions = mixed_records(4, batch_rows == 1 ? 120 : 1'500);
    const pipeline::Digest expected = expected_digest(plan, partitions);
    for (const unsigned threads : {1U, 2U, 4U}) {
      for (const std::size_t ring : {1U, 64U}) {
        Rig rig;
        rig.options = {.batch_rows = batch_rows,
                       .ring_batches = ring,
                       .compute_threads = threads,
                       .digest = true};
        rig.add(random_polls(partitions, batch_rows == 1 ? 40 : 700, seed++));
        const auto engine = rig.run();
        INFO("batch " << batch_rows << ", threads " << threads << ", ring " << ring);
        REQUIRE(engine->status().state == EngineState::kFinished);
        REQUIRE(engine->digest().rows() == expected.rows());
        REQUIRE(engine->digest().columns() == expected.columns());
      }
    }
  }
}

TEST_CASE("several sources share tasks out and come to the same digest") {
  const Partitions partitions = mixed_records(3, 1'000);
  Rig rig;
  rig.options = {.compute_threads = 2, .digest = true};
  const pipeline::Digest expected = expected_digest(rig.plan, partitions);
  for (std::size_t p = 0; p < partitions.size(); ++p) {
    Partitions one(partitions.size());
    one[p] = partitions[p];
    std::vector<FakeStep> steps = random_polls(one, 300, static_cast<unsigned>(p));
    steps[0].events = {assigned(static_cast<std::int32_t>(p), 1)};
    rig.add(std::move(steps));
  }
  const auto engine = rig.run();
  CHECK(engine->digest().columns() == expected.columns());
  CHECK(engine->topics() == std::vector<std::string>{"fake"});
  CHECK(engine->status().tasks.size() == 3);
}

TEST_CASE("every record is a row, a dead letter or a tombstone, and dead letters are complete") {
  const Partitions partitions = mixed_records(2, 3'000);
  Rig rig;
  rig.add(random_polls(partitions, 500, 9));
  const auto engine = rig.run();
  const EngineStatus status = engine->status();
  CHECK(status.records == 6'000);
  std::uint64_t rejected = 0;
  for (const auto& [reason, count] : status.rejected) rejected += count;
  CHECK(status.rows + rejected + status.tombstones == status.records);
  CHECK(status.tombstones > 0);
  CHECK(status.rejected.at("rule") > 0);
  CHECK(status.rejected.at("invalid_json") > 0);
  const record::Rejects rejects = engine->rejects();
  REQUIRE(rejects.size() == rejected);
  for (const record::Reject& reject : rejects) {
    const FakeRecord& original = partitions[static_cast<std::size_t>(reject.task.partition)]
                                           [static_cast<std::size_t>(reject.offset)];
    REQUIRE(reject.value == original.value);
    REQUIRE(reject.key == original.key);
    REQUIRE(reject.timestamp_ms == 1000 + original.offset);
    REQUIRE_FALSE(reject.detail.empty());
  }
}

TEST_CASE("a rule after other steps has the row rendered for its dead letter") {
  Rig rig;
  rig.plan = pipeline::Plan::parse(R"({"version": 1, "format": "json",
    "schema": {"fields": [{"name": "x", "type": "float64"}]},
    "steps": [
      {"op": "with_columns", "columns": [{"kind": "expr", "name": "twice", "expr":
          {"fn": "+", "args": [{"col": "x"}, {"col": "x"}]}}]},
      {"op": "validate", "rules": [{"name": "twice < 5", "expr":
          {"fn": "<", "args": [{"col": "twice"}, {"lit": 5.0, "type": "float64"}]}}]}]})")
                 .value_or_throw();
  FakeStep step{.records = {}, .events = {assigned(0, 1)}, .before = {}};
  for (int i = 0; i < 5; ++i) {
    step.records.push_back(
        {.partition = 0, .offset = i, .value = "{\"x\":" + std::to_string(i) + "}"});
  }
  rig.add({step});
  const auto engine = rig.run();
  CHECK(engine->status().rows == 3);
  const record::Rejects rejects = engine->rejects();
  REQUIRE(rejects.size() == 2);
  CHECK(rejects[0].offset == 3);
  CHECK(rejects[1].value == R"({"x":4})");
}

TEST_CASE("original bytes are kept up to the cap, and only the newest dead letters") {
  Rig rig;
  rig.options = {.rejects_kept = 3, .reject_value_cap = 10};
  FakeStep step{.records = {}, .events = {assigned(0, 1)}, .before = {}};
  for (int i = 0; i < 8; ++i) {
    step.records.push_back({.partition = 0, .offset = i, .value = std::string(1'000, 'x')});
  }
  rig.add({step});
  const auto engine = rig.run();
  const record::Rejects rejects = engine->rejects();
  REQUIRE(rejects.size() == 3);
  CHECK(rejects[0].offset == 5);
  CHECK(rejects[2].value == std::string(10, 'x'));
  CHECK(engine->status().rejected.at("invalid_json") == 8);
}

TEST_CASE("collected rows are in event order and complete") {
  const Partitions partitions = mixed_records(3, 2'000, false);
  Rig rig;
  rig.options = {.compute_threads = 2, .collect = true};
  rig.add(random_polls(partitions, 300, 5));
  const auto engine = rig.run();
  const Frame frame = engine->take_collected();
  REQUIRE(frame.rows == 6'000);
  const auto* n = frame.columns[3].values<std::int64_t>();
  for (std::size_t i = 0; i < frame.rows; ++i) {
    REQUIRE(frame.offsets->as<std::int64_t>()[i] == static_cast<std::int64_t>(i / 3));
    REQUIRE(frame.partitions->as<std::int32_t>()[i] == static_cast<std::int32_t>(i % 3));
    REQUIRE(n[i] == static_cast<std::int64_t>(i / 3));
  }
  CHECK_THROWS_AS(engine->take_collected(), base::Exception);
}

TEST_CASE("frames, positions and waiting while it runs") {
  Rig rig;
  const Partitions partitions = mixed_records(1, 100, false);
  std::vector<FakeStep> steps = random_polls(partitions, 30, 3);
  rig.add(std::move(steps), FakeSource::Then::kSilence);
  const auto engine = rig.start();
  REQUIRE(engine->wait_rows(99, std::chrono::seconds(10)));
  CHECK_FALSE(engine->wait(std::chrono::milliseconds(10)));
  CHECK_FALSE(engine->wait_rows(100, std::chrono::milliseconds(10)));
  const Frame tail = engine->frame(10);
  REQUIRE(tail.rows == 10);
  CHECK(tail.offsets->as<std::int64_t>()[9] == 99);
  CHECK(engine->since(95, nullptr).rows == 5);
  CHECK(engine->frame(1'000, "K0_3").rows > 0);
  CHECK(engine->status().state == EngineState::kRunning);
  engine->stop();
  const EngineStatus status = engine->status();
  CHECK(status.state == EngineState::kStopped);
  REQUIRE(status.tasks.size() == 1);
  CHECK(status.tasks[0].topic == "fake");
  CHECK(status.tasks[0].position.position == 100);
  CHECK(status.tasks[0].lag == 10);
  CHECK(status.tasks[0].records == 100);
  CHECK(status.tasks[0].max_event_time_ns == (1'700'000'000'000 + 99 * 60'000) * 1'000'000);
  CHECK(status.seconds > 0);
}

TEST_CASE("a lone record is through at once") {
  Rig rig;
  std::vector<FakeStep> steps(1);
  steps[0].events = {assigned(0, 1)};
  for (int i = 0; i < 5; ++i) {
    steps.push_back({.records = {good_record(0, i)}, .events = {}, .before = {}});
    for (int k = 0; k < 3; ++k) steps.push_back({});
  }
  std::vector<std::size_t> sizes;
  rig.on_batch = [&](const record::BatchPtr& batch) { sizes.push_back(batch->rows()); };
  rig.add(std::move(steps));
  const auto engine = rig.run();
  CHECK(sizes == std::vector<std::size_t>(5, 1));
}

TEST_CASE("a key in two partitions is noticed and explained") {
  Rig rig;
  FakeStep step{.records = {}, .events = {assigned(0, 1), assigned(1, 1)}, .before = {}};
  for (std::int32_t p : {0, 1}) {
    for (int i = 0; i < 3; ++i) step.records.push_back(good_record(p, i));
    FakeRecord shared = good_record(9, 4);
    shared.partition = p;
    shared.offset = 3;
    step.records.push_back(shared);
  }
  rig.add({step});
  const auto engine = rig.run();
  const EngineStatus status = engine->status();
  CHECK(status.keys_in_several_partitions == 1);
  REQUIRE(status.key_examples.size() == 1);
  CHECK(status.message.find(status.key_examples[0]) != std::string::npos);
  CHECK(status.message.find("Kafka key") != std::string::npos);
}

TEST_CASE("the first dead letter of each reason is a line of the status") {
  Rig rig;
  FakeStep step{.records = {good_record(0, 0), good_record(0, 1), good_record(0, 2)},
                .events = {assigned(0, 1)},
                .before = {}};
  step.records[1].value = R"({"t": 1700000000000, "k": "A", "x": "n/a", "n": 1})";
  step.records[1].key = "AAPL";
  step.records[2].value = R"({"t": 1700000000000, "k": "A", "x": 1})";
  rig.add({std::move(step)});
  const EngineStatus status = rig.run()->status();
  CHECK(
      status.first_rejects ==
      std::map<std::string, std::string>{
          {"wrong_type", "fake[0]@1 key=AAPL: field \"x\": expected number, got \"n/a\""},
          {"missing_field", "fake[0]@2 key=" + good_record(0, 2).key + ": field \"n\": missing"}});
}

TEST_CASE("a run that is to have no dead letters ends with the first one, whatever the cut") {
  for (const std::size_t batch_rows : {1U, 3U, 4096U}) {
    Rig rig;
    rig.options = {.batch_rows = batch_rows, .fail_on_reject = true};
    FakeStep step{.records = {}, .events = {assigned(0, 1)}, .before = {}};
    for (std::int64_t o = 0; o < 20; ++o) step.records.push_back(good_record(0, o));
    step.records[7].value = "{";
    step.records[11].value = R"({"t": 1700000000000, "k": "A", "x": "n/a", "n": 1})";
    rig.add({std::move(step)});
    const auto engine = rig.run();
    CHECK(engine->status().state == EngineState::kFailed);
    REQUIRE(engine->failure());
    CHECK(engine->failure()->code == base::ErrorCode::kRecordRejected);
    CHECK(engine->failure()->message.starts_with("fake[0]@7 key="));
    CHECK(rig.logs[0]->commits.empty());
  }
}

TEST_CASE("a value beyond the limit is a dead letter with its size, the others are rows") {
  Rig rig;
  rig.options = {.reject_value_cap = 100, .max_record_bytes = 1'000};
  FakeStep step{.records = {good_record(0, 0), good_record(0, 1), good_record(0, 2)},
                .events = {assigned(0, 1)},
                .before = {}};
  step.records[1].value.insert(1, std::string(2'000, ' '));
  const std::string bytes = std::to_string(step.records[1].value.size());
  rig.add({std::move(step)});
  const auto engine = rig.run();
  CHECK(engine->status().rows == 2);
  const record::Rejects rejects = engine->rejects();
  REQUIRE(rejects.size() == 1);
  CHECK(rejects[0].reason == record::RejectReason::kTooLarge);
  CHECK(rejects[0].detail == "the value has " + bytes + " bytes, the limit is 1000");
  CHECK(rejects[0].value.size() == 100);
}

TEST_CASE("trouble of a sink is told while it lasts") {
  Rig rig;
  const auto sink = std::make_shared<FakeSink>();
  sink->say("cannot write to \"signals\"");
  rig.sinks.push_back(sink);
  rig.add({{.records = {good_record(0, 0)}, .events = {assigned(0, 1)}, .before = {}}},
          FakeSource::Then::kSilence);
  const auto engine = rig.start();
  CHECK(engine->status().message == "cannot write to \"signals\"");
  sink->say("");
  CHECK(engine->status().message.empty());
}

TEST_CASE("the connection of the source that is worst off is told, and for how long") {
  Rig rig;
  rig.add({}, FakeSource::Then::kSilence);
  rig.add({}, FakeSource::Then::kSilence, "other");
  rig.logs[0]->connection = source::Connection::kConnected;
  rig.logs[1]->connection = source::Connection::kConnected;
  const auto engine = rig.start();
  const auto becomes = [&](source::Connection wanted) {
    return eventually([&] { return engine->status().connection == wanted; });
  };
  CHECK(becomes(source::Connection::kConnected));
  rig.logs[1]->connection = source::Connection::kLost;
  CHECK(becomes(source::Connection::kLost));
  const double lost = engine->status().connection_seconds;
  CHECK(eventually([&] { return engine->status().connection_seconds > lost; }));
  rig.logs[1]->connection = source::Connection::kConnecting;
  rig.logs[0]->connection = source::Connection::kConnecting;
  CHECK(becomes(source::Connection::kConnecting));
  engine->stop();
  const double ended = engine->status().connection_seconds;
  CHECK(engine->status().connection_seconds == ended);
}

TEST_CASE("a source's error ends the run and is told") {
  Rig rig;
  rig.add(random_polls(mixed_records(1, 10, false), 5, 1), FakeSource::Then::kError);
  const auto engine = rig.run();
  CHECK(engine->status().state == EngineState::kFailed);
  REQUIRE(engine->failure());
  CHECK(engine->failure()->code == base::ErrorCode::kTopicNotFound);
  CHECK(engine->status().message == "no such topic");
}

TEST_CASE("an engine runs once, and wants a source and sensible sizes") {
  Rig rig;
  rig.add({});
  const auto engine = rig.run();
  CHECK_FALSE(engine->start().ok());
  Rig none;
  CHECK_FALSE(pipeline::Engine::create(none.plan, {}, {}).has_value());
  Rig zero;
  zero.add({});
  const auto refused =
      pipeline::Engine::create(zero.plan, std::move(zero.sources), {.batch_rows = 0});
  CHECK(refused.error().code == base::ErrorCode::kInvalidArgument);
}

TEST_CASE("frames taken flat out while rows flow: consistent, and nothing is held up") {
  const Partitions partitions = mixed_records(2, 40'000, false);
  Rig rig;
  rig.options = {.history_rows = 5'000, .digest = true};
  const pipeline::Digest expected = expected_digest(rig.plan, partitions);
  rig.add(random_polls(partitions, 900, 8));
  const auto engine = rig.start();
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      while (!done) {
        const Frame frame = engine->frame(4'000);
        for (std::size_t i = 0; i < frame.rows; ++i) {
          const std::int64_t offset = frame.offsets->as<std::int64_t>()[i];
          if (frame.columns[3].values<std::int64_t>()[i] != offset) ++wrong;
        }
        (void)engine->status();
        (void)engine->digest();
      }
    });
  }
  CHECK(engine->wait(std::chrono::seconds(60)));
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(engine->digest().columns() == expected.columns());
}
