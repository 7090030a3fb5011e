#include <headrace/source/kafka/kafka_source.hpp>

#include <thread>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;
using source::EventKind;
using source::StartAt;

namespace {

std::unique_ptr<source::Source> open(source::KafkaSourceConfig config) {
  return source::make_kafka_source(std::move(config)).value_or_throw();
}

}  // namespace

TEST_CASE("a bounded read delivers every record of every partition in order and ends") {
  Cluster cluster;
  cluster.topic("bars", 3);
  for (int p = 0; p < 3; ++p) cluster.fill("bars", p, 100 + p);
  auto config = cluster.config({"bars"});
  config.bounded = true;
  auto source = open(config);
  const Log log = read_all(*source);
  REQUIRE_FALSE(log.error);
  REQUIRE(log.end);
  for (int p = 0; p < 3; ++p) {
    CHECK(offsets_of(log, p) == range(0, 100 + p));
  }
  CHECK(log.count(EventKind::kAssigned) == 3);
  CHECK(log.count(EventKind::kReachedEnd) == 3);
  for (const Got& r : log.records) {
    REQUIRE(r.value == value_of(r.partition, r.offset));
    REQUIRE(r.key == "k" + std::to_string(r.offset % 7));
  }
}

TEST_CASE("a bounded read stops at the end it found, not at what came later") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 50);
  auto config = cluster.config({"bars"});
  config.bounded = true;
  auto source = open(config);
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kAssigned) == 1; }));
  cluster.fill("bars", 0, 50);
  REQUIRE(poll_until(*source, log, [&] { return log.end; }));
  CHECK(offsets_of(log, 0) == range(0, 50));
}

TEST_CASE("a bounded read of an empty topic ends at once") {
  Cluster cluster;
  cluster.topic("bars", 2);
  auto config = cluster.config({"bars"});
  config.bounded = true;
  auto source = open(config);
  const Log log = read_all(*source);
  CHECK(log.end);
  CHECK(log.records.empty());
  CHECK(log.count(EventKind::kReachedEnd) == 2);
}

TEST_CASE("the first record is there soon after the source is made") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 10);
  // An assignment at a logical offset alone would idle for 500 ms, each time.
  Clock::duration best = Clock::duration::max();
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto start = Clock::now();
    auto source = open(cluster.config({"bars"}));
    Log log;
    REQUIRE(poll_until(*source, log, [&] { return !log.records.empty(); }));
    best = std::min(best, Clock::now() - start);
  }
  CHECK(best < 400ms);
}

TEST_CASE("start positions") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 100);
  auto config = cluster.config({"bars"});

  SECTION("latest delivers only what comes afterwards") {
    config.start.at = StartAt::kLatest;
    auto source = open(config);
    Log log;
    REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kAssigned) == 1; }));
    cluster.fill("bars", 0, 5);
    REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 5; }));
    CHECK(offsets_of(log, 0) == range(100, 105));
  }
  SECTION("explicit offsets") {
    config.start.at = StartAt::kOffsets;
    config.start.offsets = {{{"bars", 0}, 42}};
    config.bounded = true;
    auto source = open(config);
    const Log log = read_all(*source);
    CHECK(offsets_of(log, 0) == range(42, 100));
  }
  SECTION("a timestamp after the last record begins at the end") {
    config.start.at = StartAt::kTimestamp;
    config.start.timestamp_ms = 4'000'000'000'000;
    auto source = open(config);
    Log log;
    REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kAssigned) == 1; }));
    CHECK(log.first(EventKind::kAssigned)->offset == 100);
  }
}

TEST_CASE("several topics, each under its own number") {
  Cluster cluster;
  cluster.topic("a", 1);
  cluster.topic("b", 2);
  cluster.fill("a", 0, 3);
  cluster.fill("b", 1, 4);
  auto config = cluster.config({"b", "a"});
  config.bounded = true;
  auto source = open(config);
  const Log log = read_all(*source);
  CHECK(source->topics() == std::vector<std::string>{"b", "a"});
  std::map<std::string, int> seen;
  for (const Got& r : log.records) ++seen[r.topic];
  CHECK(seen == std::map<std::string, int>{{"a", 3}, {"b", 4}});
}

TEST_CASE("a pattern takes every topic whose whole name matches, also later ones") {
  Cluster cluster;
  cluster.topic("bars.1", 1);
  cluster.topic("xbars.1", 1);
  cluster.fill("bars.1", 0, 3);
  cluster.fill("xbars.1", 0, 3);
  auto config = cluster.config({});
  config.pattern = "bars\\..*";
  config.metadata_refresh = 100ms;
  config.start.at = StartAt::kLatest;
  auto source = open(config);
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kAssigned) == 1; }));
  // Appears later: from its beginning although start says latest.
  cluster.topic("bars.2", 1);
  cluster.fill("bars.2", 0, 4);
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 4; }));
  for (const Got& r : log.records) CHECK(r.topic == "bars.2");
}

TEST_CASE("several sources share out the partitions") {
  Cluster cluster;
  cluster.topic("bars", 5);
  for (int p = 0; p < 5; ++p) cluster.fill("bars", p, 10);
  auto config = cluster.config({"bars"});
  config.bounded = true;
  auto sources = source::make_kafka_sources(config, 2).value_or_throw();
  REQUIRE(sources.size() == 2);
  const Log even = read_all(*sources[0]);
  const Log odd = read_all(*sources[1]);
  CHECK(even.records.size() == 30);
  CHECK(odd.records.size() == 20);
  for (const Got& r : even.records) CHECK(r.partition % 2 == 0);
  for (const Got& r : odd.records) CHECK(r.partition % 2 == 1);
}

TEST_CASE("more sources than partitions: the idle ones end too") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 10);
  auto config = cluster.config({"bars"});
  config.bounded = true;
  auto sources = source::make_kafka_sources(config, 2).value_or_throw();
  CHECK(read_all(*sources[1]).end);
  CHECK(read_all(*sources[0]).records.size() == 10);
}

TEST_CASE("values that are null, empty and large; keys that are null and empty") {
  Cluster cluster;
  cluster.topic("bars", 1);
  const std::string large(200'000, 'x');
  using Record = sink::ProducerRecord;
  const auto produce = [&](auto change) {
    Record r;
    r.topic = "bars";
    r.partition = 0;
    r.key = "k";
    r.value = "v";
    change(r);
    cluster.producer->produce(r).throw_if_error();
  };
  produce([](Record& r) { r.tombstone = true; });
  produce([](Record& r) { r.value = {}; });
  produce([&](Record& r) { r.value = large; });
  produce([](Record& r) { r.has_key = false; });
  produce([](Record& r) { r.key = {}; });
  cluster.producer->flush(5s).throw_if_error();
  auto config = cluster.config({"bars"});
  config.bounded = true;
  auto source = open(config);
  std::vector<source::RawRecord> seen;
  std::vector<std::size_t> sizes;
  while (true) {
    auto poll = source->poll(50ms);
    REQUIRE(poll);
    seen.insert(seen.end(), poll->records.begin(), poll->records.end());
    if (poll->end) break;
  }
  REQUIRE(seen.size() == 5);
  CHECK(seen[0].tombstone);
  CHECK_FALSE(seen[1].tombstone);
  CHECK(seen[1].value.empty());
  CHECK(seen[2].value.size() == large.size());
  CHECK_FALSE(seen[3].has_key);
  CHECK(seen[4].has_key);
  CHECK(seen[4].key.empty());
}

TEST_CASE("wake ends a poll at once, before and during it") {
  Cluster cluster;
  cluster.topic("bars", 1);
  auto source = open(cluster.config({"bars"}));
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kAssigned) == 1; }));
  for (int round = 0; round < 20; ++round) {
    std::thread waker([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(round));
      source->wake();
    });
    const auto start = Clock::now();
    REQUIRE(step(*source, log, 5s));
    const auto took = Clock::now() - start;
    waker.join();
    CHECK(took < 3s);
  }
}

TEST_CASE("a paused partition delivers nothing, for a moment and for longer, and loses nothing") {
  Cluster cluster;
  cluster.topic("bars", 2);
  cluster.fill("bars", 0, 1000);
  cluster.fill("bars", 1, 1000);
  auto config = cluster.config({"bars"});
  config.poll_max = 50;
  auto source = open(config);
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() >= 100; }));
  const std::vector<record::TaskId> all{{0, 0}, {0, 1}};
  const std::vector<record::TaskId> first{{0, 0}};
  const auto quiet_for = [&](std::chrono::milliseconds time) {
    const std::size_t before = log.records.size();
    const auto end = Clock::now() + time;
    while (Clock::now() < end) REQUIRE(step(*source, log, 20ms));
    return log.records.size() == before;
  };
  SECTION("all, shortly") {
    source->pause(all);
    CHECK(quiet_for(100ms));
    source->resume(all);
  }
  SECTION("all, for longer") {
    source->pause(all);
    CHECK(quiet_for(900ms));
    source->resume(all);
  }
  SECTION("one of two") {
    source->pause(first);
    const std::size_t before = offsets_of(log, 0).size();
    REQUIRE(poll_until(*source, log, [&] { return offsets_of(log, 1).size() == 1000; }));
    CHECK(offsets_of(log, 0).size() == before);
    source->resume(first);
  }
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 2000; }));
  CHECK(offsets_of(log, 0) == range(0, 1000));
  CHECK(offsets_of(log, 1) == range(0, 1000));
}

TEST_CASE("a member that is paused for long stays in its group and loses nothing") {
  Cluster cluster;
  cluster.topic("bars", 2);
  cluster.fill("bars", 0, 1000);
  cluster.fill("bars", 1, 1000);
  auto config = cluster.config({"bars"});
  config.group = "desk";
  config.poll_max = 50;
  config.client.extra = {{"max.poll.interval.ms", "6000"}, {"session.timeout.ms", "6000"}};
  auto source = open(config);
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() >= 100; }));
  const std::vector<record::TaskId> all{{0, 0}, {0, 1}};
  source->pause(all);
  const std::size_t before = log.records.size();
  const auto end = Clock::now() + 8s;
  while (Clock::now() < end) REQUIRE(step(*source, log, 50ms));
  CHECK(log.records.size() == before);
  CHECK(log.count(EventKind::kRevoked) == 0);
  source->resume(all);
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 2000; }));
  CHECK(offsets_of(log, 0) == range(0, 1000));
  CHECK(offsets_of(log, 1) == range(0, 1000));
  CHECK(log.count(EventKind::kAssigned) == 2);
}

TEST_CASE("positions follow what was delivered") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 10);
  auto config = cluster.config({"bars"});
  config.bounded = true;
  auto source = open(config);
  CHECK(source->positions().empty());
  const Log log = read_all(*source);
  const auto positions = source->positions();
  REQUIRE(positions.size() == 1);
  CHECK(positions[0].position == 10);
  CHECK(positions[0].high_watermark == 10);
  CHECK(positions[0].epoch == 1);
}

TEST_CASE("settings that contradict each other are refused at once") {
  const auto message = [](auto change) {
    source::KafkaSourceConfig config;
    config.client.bootstrap = "127.0.0.1:1";
    config.topics = {"bars"};
    change(config);
    auto made = source::make_kafka_source(config);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == base::ErrorCode::kInvalidArgument);
    return made.error().message;
  };
  using C = source::KafkaSourceConfig;
  CHECK(message([](C& c) { c.topics.clear(); }) == "expected topics or a pattern, got neither");
  CHECK(message([](C& c) { c.pattern = "x"; }) == "expected topics or a pattern, got both");
  CHECK(message([](C& c) { c.topics = {"a b"}; }).starts_with("\"a b\" is no topic name"));
  CHECK(message([](C& c) { c.topics = {"a", "a"}; }) == "topic \"a\" is named twice");
  CHECK(message([](C& c) {
          c.topics.clear();
          c.pattern = "(";
        }).starts_with("pattern ("));
  CHECK(message([](C& c) { c.start.at = StartAt::kGroup; }) ==
        "start from the group's positions needs a group");
  CHECK(message([](C& c) { c.group_instance = "i"; }) == "group_instance needs a group");
  CHECK(message([](C& c) {
          c.start.offsets = {{{"bars", 0}, -2}};
        }) == "offset of bars[0]: expected 0 or more, got -2");
  CHECK(message([](C& c) {
          c.start.offsets = {{{"other", 0}, 2}};
        }) == "an offset is given for other[0], which is not read");
  CHECK(message([](C& c) { c.client.bootstrap = " "; }).starts_with("bootstrap is empty"));
  CHECK(message([](C& c) { c.poll_max = 1; }) == "poll_max: expected 2 or more");
  source::KafkaSourceConfig grouped;
  grouped.client.bootstrap = "127.0.0.1:1";
  grouped.topics = {"bars"};
  grouped.group = "g";
  CHECK_FALSE(source::make_kafka_sources(grouped, 2));
}

TEST_CASE("a closed source says so") {
  Cluster cluster;
  cluster.topic("bars", 1);
  auto source = open(cluster.config({"bars"}));
  source->close(2s);
  source->wake();
  auto poll = source->poll(10ms);
  REQUIRE_FALSE(poll);
  CHECK(poll.error().code == base::ErrorCode::kCancelled);
}
