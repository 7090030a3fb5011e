#include <headrace/sink/kafka/producer.hpp>

#include <librdkafka/rdkafka.h>

#include <thread>

#include "catch.hpp"
#include "source/kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;

namespace {

constexpr std::int16_t kProduce = 0;  // Kafka's numbers of requests
constexpr std::int16_t kInitProducerId = 22;
constexpr std::int16_t kAddPartitionsToTxn = 24;

Log read_back(const Cluster& cluster, const std::string& topic) {
  auto config = cluster.config({topic});
  config.bounded = true;
  auto source = source::make_kafka_source(config).value_or_throw();
  return read_all(*source);
}

}  // namespace

TEST_CASE("what was produced and flushed is there, in order, and counted") {
  Cluster cluster;
  cluster.topic("bars", 1);
  std::vector<std::string> values;
  for (int i = 0; i < 5000; ++i) values.push_back("v" + std::to_string(i));
  std::vector<sink::ProducerRecord> records(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    records[i].key = "k";
    records[i].value = values[i];
  }
  std::size_t accepted = 0;
  REQUIRE(cluster.producer->produce_batch("bars", records, &accepted));
  CHECK(accepted == values.size());
  REQUIRE(cluster.producer->flush(10s));
  CHECK(cluster.producer->counts().produced == 5000);
  CHECK(cluster.producer->counts().delivered == 5000);
  CHECK(cluster.producer->counts().failed == 0);
  const Log log = read_back(cluster, "bars");
  REQUIRE(log.records.size() == 5000);
  for (std::size_t i = 0; i < values.size(); ++i) REQUIRE(log.records[i].value == values[i]);
}

TEST_CASE("the same key goes to the same partition, different keys to several") {
  Cluster cluster;
  cluster.topic("bars", 4);
  for (int i = 0; i < 400; ++i) {
    const std::string key = "ticker-" + std::to_string(i % 20);
    REQUIRE(cluster.producer->produce({.topic = "bars", .key = key, .value = "x"}));
  }
  REQUIRE(cluster.producer->flush(10s));
  std::map<std::string, std::set<int>> partitions;
  std::set<int> used;
  for (const Got& r : read_back(cluster, "bars").records) {
    partitions[r.key].insert(r.partition);
    used.insert(r.partition);
  }
  REQUIRE(partitions.size() == 20);
  for (const auto& [key, where] : partitions) CHECK(where.size() == 1);
  CHECK(used.size() > 1);
}

TEST_CASE("a full queue makes produce wait, not fail") {
  Cluster cluster;
  cluster.topic("bars", 1);
  sink::ProducerConfig config;
  config.client = cluster.client();
  config.client.extra = {{"queue.buffering.max.messages", "100"}};
  auto producer = sink::KafkaProducer::create(config).value_or_throw();
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(producer->produce({.topic = "bars", .key = "k", .value = "x"}));
  }
  REQUIRE(producer->flush(10s));
  CHECK(producer->counts().delivered == 1000);
}

TEST_CASE("with no broker: a full queue and a flush say so in time, with the address") {
  sink::ProducerConfig config;
  config.client.bootstrap = "127.0.0.1:1";
  config.client.extra = {{"queue.buffering.max.messages", "10"}};
  config.queue_full_timeout = 3s;
  auto producer = sink::KafkaProducer::create(config).value_or_throw();
  base::Status status;
  for (int i = 0; i < 11 && status; ++i) {
    status = producer->produce({.topic = "bars", .key = "k", .value = "x"});
  }
  REQUIRE_FALSE(status);
  CHECK(status.error().retriable);
  CHECK(status.error().message.find("cannot reach 127.0.0.1:1: connection refused") !=
        std::string::npos);
  const auto start = Clock::now();
  const auto flushed = producer->flush(300ms);
  REQUIRE_FALSE(flushed);
  CHECK(Clock::now() - start < 3s);
  CHECK(flushed.error().message.starts_with("10 records are not acknowledged after 300 ms"));
  CHECK(producer->counts().delivered == 0);
  const auto gone = Clock::now();
  producer.reset();
  CHECK(Clock::now() - gone < 4s);
}

TEST_CASE("a record that cannot be delivered is an error of the next flush, once") {
  Cluster cluster;
  cluster.topic("bars", 1);
  sink::ProducerConfig config;
  config.client = cluster.client();
  config.delivery_timeout = 3s;
  auto producer = sink::KafkaProducer::create(config).value_or_throw();
  REQUIRE(producer->produce({.topic = "bars", .key = "k", .value = "first"}));
  REQUIRE(producer->flush(10s));
  cluster.mock.set_broker_up(1, false).throw_if_error();
  REQUIRE(producer->produce({.topic = "bars", .key = "k", .value = "lost"}));
  const auto flushed = producer->flush(10s);
  REQUIRE_FALSE(flushed);
  CHECK(flushed.error().message.starts_with("cannot write to \"bars\" on " +
                                            config.client.bootstrap +
                                            ": no acknowledgement within 3 s"));
  CHECK(producer->counts().failed == 1);
  CHECK(producer->counts().delivered == 1);
  CHECK(producer->flush(1s));  // said once, there is nothing more to say
  cluster.mock.set_broker_up(1, true).throw_if_error();
}

TEST_CASE("try_flush can be called again and again") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.mock.set_round_trip(1, 300).throw_if_error();
  REQUIRE(cluster.producer->produce({.topic = "bars", .key = "k", .value = "x"}));
  const auto early = cluster.producer->try_flush(1ms);
  REQUIRE(early);
  CHECK_FALSE(*early);
  bool done = false;
  const auto end = Clock::now() + 10s;
  while (!done && Clock::now() < end) {
    const auto more = cluster.producer->try_flush(50ms);
    REQUIRE(more);
    done = *more;
  }
  CHECK(done);
}

TEST_CASE("purge drops what waits and counts it") {
  sink::ProducerConfig config;
  config.client.bootstrap = "127.0.0.1:1";
  auto producer = sink::KafkaProducer::create(config).value_or_throw();
  for (int i = 0; i < 5; ++i) REQUIRE(producer->produce({.topic = "bars", .value = "x"}));
  producer->purge();
  const auto flushed = producer->flush(1s);
  REQUIRE_FALSE(flushed);
  CHECK(flushed.error().native_code == RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  CHECK(producer->counts().failed == 5);
}

TEST_CASE("a topic name that cannot be is refused") {
  Cluster cluster;
  const auto status =
      cluster.producer->produce({.topic = std::string_view(), .key = "k", .value = "x"});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kInvalidArgument);
}

TEST_CASE("what the broker refuses is said in words, with Kafka's own name for it") {
  const auto refusal = [](int error) {
    Cluster cluster;
    cluster.topic("bars", 1);
    sink::ProducerConfig config;
    config.client = cluster.client();
    config.client.extra = {{"sasl.username", "alice"}};
    config.delivery_timeout = 2s;
    auto producer = sink::KafkaProducer::create(config).value_or_throw();
    cluster.mock.push_request_error(kProduce, error, 100);
    REQUIRE(producer->produce({.topic = "bars", .key = "k", .value = "x"}));
    const auto flushed = producer->flush(20s);
    REQUIRE_FALSE(flushed);
    CHECK(producer->counts().delivered == 0);
    const std::string where = "\"bars\" on " + config.client.bootstrap + ": ";
    const std::size_t at = flushed.error().message.find(where);
    REQUIRE(at != std::string::npos);
    return flushed.error().message.substr(at + where.size());
  };
  CHECK(refusal(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) ==
        "user \"alice\" lacks the right WRITE on topic \"bars\"");
  CHECK(refusal(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
            .starts_with("a record is larger than may be sent (MSG_SIZE_TOO_LARGE)"));
  // Retried until the time is up.
  CHECK(refusal(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS).find("no acknowledgement within 2 s") !=
        std::string::npos);
}

TEST_CASE("who may write to no topic is told so, whichever call is the first to hear of it") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.mock.push_request_error(kInitProducerId, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
                                  100);
  auto producer = sink::KafkaProducer::create({.client = cluster.client()}).value_or_throw();
  const auto refused = [&](const base::Status& status) {
    REQUIRE_FALSE(status);
    CHECK(status.error().code == base::ErrorCode::kAuthorization);
    CHECK(status.error().message.ends_with("lacks the right WRITE on topic \"bars\""));
  };
  const auto produce = [&] { return producer->produce({.topic = "bars", .value = "x"}); };
  // Between two calls nobody polls: what ended the client is known to it, and not yet to us.
  base::Status status;
  for (const auto end = Clock::now() + 10s; status && Clock::now() < end;) {
    status = produce();
    std::this_thread::sleep_for(200ms);
  }
  refused(status);
  refused(produce());
  refused(producer->flush(10s));
}

TEST_CASE("a record of a transaction that was refused before is told why") {
  Cluster cluster;
  cluster.topic("bars", 1);
  sink::ProducerConfig config;
  config.client = cluster.client();
  config.transactional_id = "desk";
  config.delivery_timeout = 30s;
  auto producer = sink::KafkaProducer::create(config).value_or_throw();
  producer->init_transactions(10s).throw_if_error();
  producer->begin_transaction().throw_if_error();
  cluster.mock.push_request_error(kAddPartitionsToTxn, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                  100);
  base::Status status;
  for (const auto end = Clock::now() + 10s; status && Clock::now() < end;) {
    status = producer->produce({.topic = "bars", .value = "x"});
    std::this_thread::sleep_for(200ms);
  }
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kAuthorization);
  CHECK(status.error().message.ends_with("lacks the right WRITE on topic \"bars\""));
}

TEST_CASE("a producer that waits in vain says so, and that it is over") {
  Cluster cluster;
  cluster.topic("bars", 1);
  auto& producer = *cluster.producer;
  REQUIRE(producer.produce({.topic = "bars", .key = "k", .value = "x"}));
  REQUIRE(producer.flush(10s));
  CHECK(producer.trouble().empty());
  cluster.mock.set_broker_up(1, false).throw_if_error();
  REQUIRE(producer.produce({.topic = "bars", .key = "k", .value = "x"}));
  const auto end = Clock::now() + 30s;
  while (producer.trouble().empty() && Clock::now() < end) CHECK(producer.try_flush(50ms));
  const std::string text = producer.trouble();
  CHECK(text.starts_with("cannot write to \"bars\" on " + cluster.mock.bootstrap() + ": "));
  CHECK(text.ends_with("; retrying, 1 records wait"));
  cluster.mock.set_broker_up(1, true).throw_if_error();
  while (!producer.trouble().empty() && Clock::now() < end) CHECK(producer.try_flush(50ms));
  CHECK(producer.trouble().empty());
  CHECK(producer.counts().delivered == 2);
}

TEST_CASE("cancel ends a flush and a produce that wait") {
  sink::ProducerConfig config;
  config.client.bootstrap = "127.0.0.1:1";
  config.client.extra = {{"queue.buffering.max.messages", "1"}};
  auto producer = sink::KafkaProducer::create(config).value_or_throw();
  REQUIRE(producer->produce({.topic = "bars", .value = "x"}));
  const auto start = Clock::now();
  std::thread canceller([&] {
    std::this_thread::sleep_for(100ms);
    producer->cancel();
  });
  const auto flushed = producer->try_flush(30s);
  canceller.join();
  REQUIRE(flushed);
  CHECK_FALSE(*flushed);
  CHECK_FALSE(producer->produce({.topic = "bars", .value = "x"}));
  CHECK(Clock::now() - start < 5s);
}
