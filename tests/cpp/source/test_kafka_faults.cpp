// What a Kafka source says and does when something is wrong out there.
#include <headrace/source/kafka/kafka_source.hpp>

#include <librdkafka/rdkafka.h>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;
using source::EventKind;
using source::OutOfRange;
using source::StartAt;

namespace {

std::unique_ptr<source::Source> open(source::KafkaSourceConfig config) {
  return source::make_kafka_source(std::move(config)).value_or_throw();
}

}  // namespace

TEST_CASE("a missing topic is waited for, with the name that may have been meant") {
  Cluster cluster;
  cluster.topic("ohlcv", 1);
  auto source = open(cluster.config({"ohclv"}));
  Log log;
  const auto start = Clock::now();
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kWaiting) == 1; }));
  CHECK(Clock::now() - start < 5s);
  CHECK(log.first(EventKind::kWaiting)->error.message == "topic \"ohclv\" does not exist on " +
                                                             cluster.mock.bootstrap() +
                                                             " (did you mean \"ohlcv\"?); waiting");
  // Goes on by itself, once, from the beginning.
  cluster.topic("ohclv", 2);
  cluster.fill("ohclv", 1, 5);
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 5; }));
  CHECK(log.count(EventKind::kWaiting) == 1);
  CHECK(log.count(EventKind::kHealed) == 1);
}

TEST_CASE("strict: a missing topic is an error") {
  Cluster cluster;
  auto config = cluster.config({"nowhere"});
  config.strict = true;
  auto source = open(config);
  Log log;
  CHECK_FALSE(poll_until(
      *source, log, [] { return false; }, 5s));
  REQUIRE(log.error);
  CHECK(log.error->code == base::ErrorCode::kTopicNotFound);
  CHECK(log.error->message == "topic \"nowhere\" does not exist on " + cluster.mock.bootstrap());
}

TEST_CASE("with a timeout, no answer in time is an error with address and cause") {
  source::KafkaSourceConfig config;
  config.client.bootstrap = "127.0.0.1:1";
  config.topics = {"bars"};
  config.timeout = 1500ms;
  auto source = open(config);
  Log log;
  CHECK_FALSE(poll_until(*source, log, [] { return false; }));
  REQUIRE(log.error);
  CHECK(log.error->code == base::ErrorCode::kBrokerUnavailable);
  CHECK(log.error->message == "cannot reach 127.0.0.1:1: connection refused (waited for 1.5 s)");
}

TEST_CASE("a broker that is not there: said within three seconds, with address and cause") {
  source::KafkaSourceConfig config;
  config.client.bootstrap = "127.0.0.1:1";
  config.topics = {"bars"};
  const auto start = Clock::now();
  auto source = open(config);
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kBroken) > 0; }));
  CHECK(Clock::now() - start < 3s);
  CHECK(log.first(EventKind::kBroken)
            ->error.message.starts_with("cannot reach 127.0.0.1:1: connection refused; retrying"));
  CHECK(log.first(EventKind::kBroken)->error.code == base::ErrorCode::kBrokerUnavailable);
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kBroken) > 2; }));
  CHECK(log.events.back().error.message.find("retrying (attempt ") != std::string::npos);
  const auto stop = Clock::now();
  source->close(400ms);
  CHECK(Clock::now() - stop < 3s);
}

TEST_CASE("a broker that goes away and comes back: nothing lost, nothing doubled") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 100);
  auto source = open(cluster.config({"bars"}));
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 100; }));
  cluster.mock.set_broker_up(1, false).throw_if_error();
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kBroken) > 0; }));
  cluster.mock.set_broker_up(1, true).throw_if_error();
  const auto back = Clock::now();
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kHealed) > 0; }));
  CHECK(Clock::now() - back < 3s);
  cluster.fill("bars", 0, 50);
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() >= 150; }));
  CHECK(offsets_of(log, 0) == range(0, 150));
}

TEST_CASE("a position that is gone") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 100);
  cluster.mock.delete_records("bars", 0, 60).throw_if_error();
  auto config = cluster.config({"bars"});
  config.start.at = StartAt::kOffsets;
  config.start.offsets = {{{"bars", 0}, 10}};
  Log log;
  SECTION("is an error that names the range") {
    auto source = open(config);
    CHECK_FALSE(poll_until(
        *source, log, [] { return false; }, 10s));
    REQUIRE(log.error);
    CHECK(log.error->code == base::ErrorCode::kOffsetOutOfRange);
    CHECK(log.error->message ==
          "bars[0]: offset 10 is gone: records 10 to 59 are no longer on the broker, it has 60 to "
          "99; choose on_out_of_range=\"earliest\" or \"latest\" to go on");
    CHECK(log.records.empty());
  }
  SECTION("goes on from the earliest where the user chose so, and says it") {
    config.on_out_of_range = OutOfRange::kEarliest;
    auto source = open(config);
    REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 40; }));
    CHECK(offsets_of(log, 0) == range(60, 100));
    REQUIRE(log.count(EventKind::kBroken) == 1);
    CHECK(log.first(EventKind::kBroken)->error.message.find("going on from 60") !=
          std::string::npos);
    CHECK(log.count(EventKind::kHealed) == 1);
  }
  SECTION("goes on from the end where the user chose so") {
    config.on_out_of_range = OutOfRange::kLatest;
    auto source = open(config);
    REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kBroken) == 1; }));
    cluster.fill("bars", 0, 3);
    REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 3; }));
    CHECK(offsets_of(log, 0) == range(100, 103));
  }
}

TEST_CASE("a position beyond the end is an error") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 10);
  auto config = cluster.config({"bars"});
  config.start.at = StartAt::kOffsets;
  config.start.offsets = {{{"bars", 0}, 500}};
  auto source = open(config);
  Log log;
  CHECK_FALSE(poll_until(
      *source, log, [] { return false; }, 10s));
  REQUIRE(log.error);
  CHECK(log.error->message.starts_with(
      "bars[0]: offset 500 does not exist: the partition ends at 10"));
}

namespace {

// Whether records and what was set aside come in the order of their offsets: of one poll, the
// events happened before the records.
bool in_order(source::Source& source) {
  std::int64_t next = 0;
  const auto until = Clock::now() + 30s;
  while (Clock::now() < until) {
    const source::Poll poll = source.poll(100ms).value_or_throw();
    for (const source::SourceEvent& event : poll.events) {
      if (event.kind == EventKind::kRejected && event.offset != next++) return false;
    }
    for (const source::RawRecord& record : poll.records) {
      if (record.offset != next++) return false;
    }
    if (poll.end) return next == 21;
  }
  return false;
}

}  // namespace

TEST_CASE("a record that the client cannot unpack is set aside, in its place, and only that one") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 10);
  // Three megabytes that zstd shrinks to nothing, for a reader that takes at most one: librdkafka
  // would fetch the same batch for ever.
  sink::ProducerConfig zstd;
  zstd.client = cluster.client();
  zstd.client.extra = {{"compression.codec", "zstd"}, {"message.max.bytes", "8000000"}};
  auto producer = sink::KafkaProducer::create(zstd).value_or_throw();
  const std::string large(3'000'000, 'x');
  sink::ProducerRecord record;
  record.topic = "bars";
  record.partition = 0;
  record.value = large;
  producer->produce(record).throw_if_error();
  producer->flush(10s).throw_if_error();
  cluster.fill("bars", 0, 10);
  auto config = cluster.config({"bars"});
  config.client.extra = {{"receive.message.max.bytes", "1000512"},
                         {"fetch.max.bytes", "1000000"},
                         {"fetch.message.max.bytes", "500000"},
                         {"message.max.bytes", "500000"}};
  config.bounded = true;
  auto source = open(config);
  const Log log = read_all(*source);
  CHECK(log.end);
  CHECK(in_order(*open(config)));
  REQUIRE(log.count(EventKind::kRejected) == 1);
  CHECK(log.first(EventKind::kRejected)->offset == 10);
  CHECK(log.first(EventKind::kRejected)->error.message.starts_with("bars[0]@10: "));
  std::vector<std::int64_t> good = range(0, 10);
  for (std::int64_t i = 11; i < 21; ++i) good.push_back(i);
  CHECK(offsets_of(log, 0) == good);
}

TEST_CASE("fetch errors that pass are not seen in the records") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 100);
  constexpr std::int16_t kFetch = 1;
  cluster.mock.push_request_error(kFetch, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 3);
  auto config = cluster.config({"bars"});
  config.bounded = true;
  auto source = open(config);
  const Log log = read_all(*source);
  CHECK(log.end);
  CHECK(offsets_of(log, 0) == range(0, 100));
}

TEST_CASE("a topic that may not be read is an error") {
  Cluster cluster;
  cluster.topic("bars", 1);
  constexpr std::int16_t kListOffsets = 2;
  cluster.mock.push_request_error(kListOffsets, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 5);
  auto source = open(cluster.config({"bars"}));
  Log log;
  CHECK_FALSE(poll_until(
      *source, log, [] { return false; }, 10s));
  REQUIRE(log.error);
  CHECK(log.error->code == base::ErrorCode::kAuthorization);
}
