#include <headrace/source/kafka/admin.hpp>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("topics and their watermarks") {
  Cluster cluster;
  cluster.topic("ohlcv", 2);
  cluster.topic("ask", 1);
  cluster.fill("ohlcv", 1, 7);
  cluster.mock.delete_records("ohlcv", 1, 2).throw_if_error();
  auto admin = source::KafkaAdmin::connect(cluster.client()).value_or_throw();
  const auto topics = admin.topics(5s);
  REQUIRE(topics);
  REQUIRE(topics->size() == 2);
  CHECK((*topics)[0].name == "ask");
  CHECK((*topics)[1].name == "ohlcv");
  CHECK((*topics)[1].partitions == 2);
  CHECK(admin.topic("ohlcv", 5s)->partitions == 2);
  const auto marks = admin.watermarks("ohlcv", 5s);
  REQUIRE(marks);
  REQUIRE(marks->size() == 2);
  CHECK((*marks)[0].high == 0);
  CHECK((*marks)[1].low == 2);
  CHECK((*marks)[1].high == 7);
  const auto missing = admin.watermarks("ohclv", 5s);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == base::ErrorCode::kTopicNotFound);
  CHECK(missing.error().message == "topic \"ohclv\" does not exist on " + cluster.mock.bootstrap() +
                                       " (did you mean \"ohlcv\"?)");
}

TEST_CASE("with no broker every call says so within its deadline, with the address") {
  source::ClientConfig config;
  config.bootstrap = "127.0.0.1:1";
  auto admin = source::KafkaAdmin::connect(config).value_or_throw();
  const auto start = Clock::now();
  const auto topics = admin.topics(3s);
  REQUIRE_FALSE(topics);
  CHECK(topics.error().code == base::ErrorCode::kBrokerUnavailable);
  CHECK(topics.error().message == "cannot reach 127.0.0.1:1: connection refused");
  CHECK_FALSE(admin.create_topic({.name = "x"}, 500ms));
  CHECK_FALSE(admin.delete_topic("x", 500ms));
  CHECK(Clock::now() - start < 7s);
}

TEST_CASE("a topic that cannot be made is refused before anybody is asked") {
  Cluster cluster;
  auto admin = source::KafkaAdmin::connect(cluster.client()).value_or_throw();
  const auto status = admin.create_topic({.name = "x", .partitions = -7}, 1s);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kInvalidArgument);
}
