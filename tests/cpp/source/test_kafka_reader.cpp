#include <headrace/source/kafka/kafka_reader.hpp>

#include <thread>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;
using source::EventKind;

namespace {

std::unique_ptr<source::KafkaReader> open(source::KafkaSourceConfig config) {
  auto topics = std::make_shared<source::TopicTable>(config.topics);
  auto reader = std::make_unique<source::KafkaReader>(config, source::Share{}, std::move(topics));
  reader->connect().throw_if_error();
  return reader;
}

}  // namespace

TEST_CASE("assigned before the first record, the end after the last one, in polls of their own") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 100);
  auto config = cluster.config({"bars"});
  config.bounded = true;
  config.poll_max = 10;
  auto reader = open(config);
  std::size_t seen = 0;
  bool assigned = false;
  bool ended = false;
  while (true) {
    const auto poll = reader->poll(50ms);
    REQUIRE(poll);
    CHECK(poll->records.size() <= 10);
    for (const auto& event : poll->events) {
      if (event.kind == EventKind::kAssigned) {
        CHECK(seen == 0);
        assigned = true;
      }
      if (event.kind == EventKind::kReachedEnd) {
        CHECK(seen == 100);
        CHECK(event.offset == 100);
        ended = true;
      }
    }
    CHECK((poll->records.empty() || assigned));
    seen += poll->records.size();
    if (poll->end) {
      CHECK(poll->records.empty());
      break;
    }
  }
  CHECK(seen == 100);
  CHECK(ended);
  CHECK(reader->poll(0ms)->end);  // and stays at its end
}

TEST_CASE("records stay as they are until the next poll") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 5);
  auto reader = open(cluster.config({"bars"}));
  std::span<const source::RawRecord> records;
  const auto end = Clock::now() + 10s;
  while (records.empty() && Clock::now() < end) {
    const auto poll = reader->poll(100ms);
    REQUIRE(poll);
    records = poll->records;
  }
  REQUIRE_FALSE(records.empty());
  cluster.fill("bars", 0, 1000);  // fetched in the background meanwhile
  std::this_thread::sleep_for(50ms);
  for (const auto& r : records) CHECK(r.value == value_of(0, r.offset));
}
