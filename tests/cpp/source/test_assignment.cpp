#include <headrace/source/kafka/assignment.hpp>

#include <headrace/source/kafka/client.hpp>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("each assignment of a partition is a new epoch of the same slot") {
  source::Assignment assignment(
      std::make_shared<source::TopicTable>(std::vector<std::string>{"a"}));
  source::Slot& first = assignment.activate({.topic = "a", .partition = 2, .offset = 7, .end = -1});
  CHECK(first.epoch == 1);
  CHECK(first.next == 7);
  CHECK(first.end == source::Slot::kNoEnd);
  CHECK(first.task == record::TaskId{.topic = 0, .partition = 2});
  CHECK(first.name() == "a[2]");
  first.paused = first.held = first.done = true;
  first.active = false;
  source::Slot& again = assignment.activate({.topic = "a", .partition = 2, .offset = 9, .end = 20});
  CHECK(&again == &first);
  CHECK(again.epoch == 2);
  CHECK(again.active);
  CHECK_FALSE((again.paused || again.held || again.done));
  CHECK(again.end == 20);
}

TEST_CASE("what was passed over without a record is known until the next record") {
  source::Assignment assignment(
      std::make_shared<source::TopicTable>(std::vector<std::string>{"a"}));
  source::Slot& slot = assignment.activate({.topic = "a", .partition = 0, .offset = 7});
  CHECK(slot.behind_last() == 7);
  slot.passed = {.low = 7, .high = 9};
  slot.next = 9;
  CHECK(slot.behind_last() == 7);
  slot.next = 10;
  CHECK(slot.behind_last() == 10);
}

TEST_CASE("slots are found by task, by name and by librdkafka's topic") {
  source::ClientEvents events({});
  source::ClientConfig config;
  config.bootstrap = "127.0.0.1:1";
  const auto client =
      source::make_client(config, source::ClientRole::kAdmin, {}, events).value_or_throw();
  const source::TopicHandle a(rd_kafka_topic_new(client.get(), "a", nullptr));
  const source::TopicHandle b(rd_kafka_topic_new(client.get(), "b", nullptr));
  source::Assignment assignment(
      std::make_shared<source::TopicTable>(std::vector<std::string>{"a"}));
  source::Slot* a1 = &assignment.activate({.topic = "a", .partition = 1});
  source::Slot* b0 = &assignment.activate({.topic = "b", .partition = 0});
  for (int round = 0; round < 2; ++round) {
    CHECK(assignment.find(a.get(), 1) == a1);
    CHECK(assignment.find(b.get(), 0) == b0);
    CHECK(assignment.find(a.get(), 1) == a1);
    CHECK(assignment.find(a.get(), 0) == nullptr);
    CHECK(assignment.find(a.get(), 99) == nullptr);
    CHECK(assignment.find(a.get(), -1) == nullptr);
    assignment.forget_client();
  }
  CHECK(assignment.find(record::TaskId{.topic = 1, .partition = 0}) == b0);
  CHECK(assignment.find(record::TaskId{.topic = 5, .partition = 0}) == nullptr);
  CHECK(assignment.find(source::TopicPartition{"a", 1}) == a1);
  CHECK(assignment.find(source::TopicPartition{"a", 2}) == nullptr);
  b0->active = false;
  CHECK(assignment.places().size() == 1);
}
