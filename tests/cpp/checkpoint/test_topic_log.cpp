#include <headrace/checkpoint/topic_log.hpp>

#include "catch.hpp"
#include "checkpoint/support.hpp"
#include "checkpoint/topic_support.hpp"

using namespace headrace;
using namespace headrace::checkpoint;
using namespace headrace::test;

namespace {

std::unique_ptr<TopicLog> open(const Topic& topic) {
  return TopicLog::open(topic.cluster.client(), "checkpoints").value_or_throw();
}

std::vector<std::string> keys(TopicLog& log, std::int32_t partition, std::int64_t from = 0) {
  auto cursor = log.read(partition, from).value_or_throw();
  std::vector<std::string> found;
  while (const source::RawRecord* record = cursor.next().value_or_throw()) {
    found.push_back(std::string(record->tombstone ? "-" : "") + std::string(record->key));
  }
  return found;
}

}  // namespace

TEST_CASE("records of a partition are read in the order they were sent, from anywhere to the end") {
  const Topic topic;
  const auto log = open(topic);
  CHECK(log->partitions() == 3);
  CHECK(log->topic() == "checkpoints");
  CHECK(keys(*log, 0).empty());
  const std::vector<std::byte> value = random_bytes(TopicLog::kLargest, 1);
  REQUIRE(log->send(0, "a", value));
  REQUIRE(log->send(1, "elsewhere", value));
  REQUIRE(log->send(0, "b", std::span(value).first(1)));
  REQUIRE(log->remove(0, "a"));
  REQUIRE(log->flush());
  CHECK(log->ends().value_or_throw() == std::vector<std::int64_t>{3, 1, 0});
  CHECK(keys(*log, 0) == std::vector<std::string>{"a", "b", "-a"});
  CHECK(keys(*log, 0, 1) == std::vector<std::string>{"b", "-a"});
  CHECK(keys(*log, 0, 3).empty());
  CHECK(keys(*log, 1) == std::vector<std::string>{"elsewhere"});
  auto cursor = log->read(0, 0).value_or_throw();
  const source::RawRecord* first = cursor.next().value_or_throw();
  CHECK(std::ranges::equal(std::as_bytes(std::span(first->value)), value));
}

TEST_CASE("a record that was not taken is an error, and the next one has another producer") {
  const Topic topic;
  const auto log = open(topic);
  const std::vector<std::byte> value = random_bytes(10, 1);
  CHECK_FALSE(log->send(0, "a", random_bytes(2'000'000, 2)));
  REQUIRE(log->send(0, "b", value));
  REQUIRE(log->flush());
  CHECK(keys(*log, 0) == std::vector<std::string>{"b"});
}

TEST_CASE("what is before the oldest record is passed over") {
  Topic topic;
  const auto log = open(topic);
  for (const char* key : {"a", "b", "c"}) REQUIRE(log->send(0, key, random_bytes(10, 1)));
  REQUIRE(log->flush());
  topic.cluster.mock.delete_records("checkpoints", 0, 2).throw_if_error();
  CHECK(keys(*log, 0) == std::vector<std::string>{"c"});
}

TEST_CASE("a broker that is not there is an error of opening") {
  source::ClientConfig client;
  client.bootstrap = "127.0.0.1:1";
  const auto log = TopicLog::open(client, "checkpoints");
  REQUIRE_FALSE(log);
  CHECK(log.error().code == base::ErrorCode::kBrokerUnavailable);
}
