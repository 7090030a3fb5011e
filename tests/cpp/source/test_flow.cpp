#include <headrace/source/kafka/flow.hpp>

#include <thread>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("everything paused: the queue is left alone for a while, then librdkafka is told") {
  source::Assignment assignment(
      std::make_shared<source::TopicTable>(std::vector<std::string>{"a"}));
  source::Slot& s0 = assignment.activate({.topic = "a", .partition = 0});
  source::Slot& s1 = assignment.activate({.topic = "a", .partition = 1});
  source::Flow flow(assignment);
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
  const std::vector<record::TaskId> both{s0.task, s1.task};
  flow.pause(both, nullptr);
  CHECK(flow.leave_queue_alone(nullptr));
  CHECK_FALSE(s0.held);
  std::this_thread::sleep_for(source::Flow::kSoftPause + 50ms);
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
  CHECK((s0.held && s1.held));
  flow.resume(both, nullptr);
  CHECK_FALSE((s0.held || s1.held || s0.paused || s1.paused));
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
}

TEST_CASE("some paused: librdkafka is told at once; what is done or gone does not count") {
  source::Assignment assignment(
      std::make_shared<source::TopicTable>(std::vector<std::string>{"a"}));
  source::Slot& s0 = assignment.activate({.topic = "a", .partition = 0});
  source::Slot& s1 = assignment.activate({.topic = "a", .partition = 1});
  source::Flow flow(assignment);
  const std::vector<record::TaskId> first{s0.task};
  flow.pause(first, nullptr);
  CHECK(s0.held);
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
  s1.done = true;
  flow.update(nullptr);
  CHECK(flow.leave_queue_alone(nullptr));  // the paused one is all that runs
  s0.active = false;
  flow.update(nullptr);
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
}
