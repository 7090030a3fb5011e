#include <headrace/source/kafka/metadata.hpp>

#include <headrace/source/kafka/client.hpp>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("topics of a cluster, one topic, and those that match") {
  Cluster cluster;
  cluster.topic("bars", 2);
  cluster.topic("bars_1m", 1);
  cluster.topic("ticks", 1);
  source::ClientEvents events{cluster.client()};
  auto client = source::make_client(cluster.client(), source::ClientRole::kAdmin, {}, events);
  REQUIRE(client);
  const auto all = source::metadata(client->get(), nullptr, 5s);
  REQUIRE(all);
  CHECK(source::topic_names(**all).size() == 3);
  const auto found = source::matching(**all, "^(bars.*)$");
  REQUIRE(found);
  CHECK(found->size() == 2);
  CHECK_FALSE(source::matching(**all, "("));
  const std::string name = "bars";
  CHECK((*source::metadata(client->get(), &name, 5s))->topics[0].partition_cnt == 2);
  const std::string nobody = "brs";
  CHECK(source::is_missing((*source::metadata(client->get(), &nobody, 5s))->topics[0].err));
}

TEST_CASE("an answer that does not come in time is an error that may heal") {
  source::ClientConfig config;
  config.bootstrap = "127.0.0.1:1";
  source::ClientEvents events{config};
  auto client = source::make_client(config, source::ClientRole::kAdmin, {}, events);
  REQUIRE(client);
  const auto none = source::metadata(client->get(), nullptr, 100ms);
  REQUIRE_FALSE(none);
  CHECK(none.error().retriable);
}
