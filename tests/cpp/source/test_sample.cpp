#include <headrace/source/kafka/sample.hpp>

#include <algorithm>
#include <set>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;
using source::SampleRecord;
using source::SampleRequest;

namespace {

SampleRequest request(const Cluster& cluster, std::size_t oldest, std::size_t newest) {
  SampleRequest request;
  request.client = cluster.client();
  request.topics = {"bars"};
  request.oldest = oldest;
  request.newest = newest;
  return request;
}

std::vector<std::int64_t> offsets_of(const std::vector<SampleRecord>& records, std::int32_t p) {
  std::vector<std::int64_t> offsets;
  for (const SampleRecord& record : records) {
    if (record.partition == p) offsets.push_back(record.offset);
  }
  return offsets;
}

}  // namespace

TEST_CASE("the first and the last records, each once, in order") {
  Cluster cluster;
  cluster.topic("bars", 2);
  cluster.fill("bars", 0, 100);
  cluster.fill("bars", 1, 3);
  const auto found = source::sample(request(cluster, 6, 10));
  REQUIRE(found);
  CHECK(offsets_of(*found, 0) == std::vector<std::int64_t>{0, 1, 2, 93, 94, 95, 96, 97, 98, 99});
  CHECK(offsets_of(*found, 1) == std::vector<std::int64_t>{0, 1, 2});
  CHECK(found->front().topic == "bars");
  REQUIRE(found->front().value);
  CHECK_FALSE(found->front().value->empty());
}

TEST_CASE("a topic with fewer records is returned whole, one without as none") {
  Cluster cluster;
  cluster.topic("bars", 3);
  const auto none = source::sample(request(cluster, 50, 200));
  REQUIRE(none);
  CHECK(none->empty());
  cluster.fill("bars", 1, 40);
  const auto all = source::sample(request(cluster, 50, 200));
  REQUIRE(all);
  CHECK(all->size() == 40);
  CHECK(source::sample(request(cluster, 0, 0))->empty());
  CHECK(offsets_of(*source::sample(request(cluster, 2, 0)), 1) == std::vector<std::int64_t>{0, 1});
  CHECK(offsets_of(*source::sample(request(cluster, 0, 2)), 1) ==
        std::vector<std::int64_t>{38, 39});
}

TEST_CASE("what is gone from the beginning is not asked for") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 100);
  cluster.mock.delete_records("bars", 0, 30).throw_if_error();
  const auto found = source::sample(request(cluster, 2, 2));
  REQUIRE(found);
  CHECK(offsets_of(*found, 0) == std::vector<std::int64_t>{30, 31, 98, 99});
}

TEST_CASE("a pattern samples every topic that matches") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.topic("bars_1m", 1);
  cluster.topic("ticks", 1);
  for (const char* topic : {"bars", "bars_1m", "ticks"}) cluster.fill(topic, 0, 10);
  SampleRequest asked = request(cluster, 10, 10);
  asked.topics.clear();
  asked.pattern = "bars.*";
  const auto found = source::sample(asked);
  REQUIRE(found);
  std::set<std::string> topics;
  for (const SampleRecord& record : *found) topics.insert(record.topic);
  CHECK(topics == std::set<std::string>{"bars", "bars_1m"});
  CHECK(found->size() == 20);
  asked.pattern = "quotes.*";
  CHECK(source::sample(asked).error().code == base::ErrorCode::kTopicNotFound);
}

TEST_CASE("a missing topic names the nearest one") {
  Cluster cluster;
  cluster.topic("ohlcv", 1);
  SampleRequest asked = request(cluster, 1, 1);
  asked.topics = {"ohclv"};
  const auto missing = source::sample(asked);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "topic \"ohclv\" does not exist on " + cluster.mock.bootstrap() +
                                       " (did you mean \"ohlcv\"?)");
}

TEST_CASE("where every address refuses, that is said before the time is up") {
  SampleRequest asked;
  asked.client.bootstrap = "127.0.0.1:1";
  asked.topics = {"bars"};
  asked.timeout = 30s;
  const auto start = Clock::now();
  const auto refused = source::sample(asked);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::ErrorCode::kBrokerUnavailable);
  CHECK(refused.error().message == "cannot reach 127.0.0.1:1: connection refused");
  CHECK(Clock::now() - start < 10s);
}

TEST_CASE("a cancelled sample ends soon, and refusals of rights name the topic") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.mock.set_broker_up(1, false).throw_if_error();
  SampleRequest asked = request(cluster, 1, 1);
  asked.timeout = 60s;
  asked.cancelled = [] { return true; };
  const auto cancelled = source::sample(asked);
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == base::ErrorCode::kCancelled);
}

TEST_CASE("neither topics nor a pattern is a mistake") {
  CHECK(source::sample({}).error().code == base::ErrorCode::kInvalidArgument);
}
