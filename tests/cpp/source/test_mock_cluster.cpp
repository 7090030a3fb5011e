#include <headrace/source/kafka/mock_cluster.hpp>

#include <librdkafka/rdkafka.h>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("a cluster of several brokers listens on loopback") {
  auto cluster = source::MockCluster::start(3).value_or_throw();
  CHECK(std::count(cluster.bootstrap().begin(), cluster.bootstrap().end(), ',') == 2);
  CHECK(cluster.bootstrap().starts_with("127.0.0.1:"));
  CHECK(cluster.create_topic("bars", 4));
  CHECK_FALSE(cluster.create_topic("bars", 4));
  CHECK_FALSE(cluster.set_broker_up(9, false));
  CHECK_FALSE(cluster.delete_records("bars", 9, 0));
  const source::MockCluster moved = std::move(cluster);
  CHECK(moved.bootstrap().starts_with("127.0.0.1:"));
}

TEST_CASE("partitions spread over brokers are read together") {
  Cluster cluster(3);
  cluster.topic("bars", 6);
  for (int p = 0; p < 6; ++p) cluster.fill("bars", p, 10);
  auto config = cluster.config({"bars"});
  config.bounded = true;
  auto source = source::make_kafka_source(config).value_or_throw();
  CHECK(read_all(*source).records.size() == 60);
}

TEST_CASE("no brokers, no cluster") { CHECK_FALSE(source::MockCluster::start(0)); }

TEST_CASE("requests are counted once that was asked for, and errors can be taken back") {
  Cluster cluster;
  cluster.topic("bars", 1);
  constexpr std::int16_t kProduce = 0;
  CHECK(cluster.mock.requests(kProduce) == 0);
  cluster.mock.track_requests();
  cluster.fill("bars", 0, 1);
  CHECK(cluster.mock.requests(kProduce) == 1);
  cluster.mock.push_request_error(kProduce, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 5);
  cluster.mock.clear_request_errors(kProduce);
  cluster.fill("bars", 0, 1);
  CHECK(cluster.mock.requests(kProduce) == 2);
}
