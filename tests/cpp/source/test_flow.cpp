#include <headrace/source/kafka/flow.hpp>

#include <thread>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;
using source::Flow;

namespace {

// Two partitions, and no consumer behind them.
struct Fixture {
  source::Assignment assignment{
      std::make_shared<source::TopicTable>(std::vector<std::string>{"a"})};
  source::Slot& s0 = assignment.activate({.topic = "a", .partition = 0});
  source::Slot& s1 = assignment.activate({.topic = "a", .partition = 1});
  std::vector<record::TaskId> first{s0.task};
  std::vector<record::TaskId> both{s0.task, s1.task};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "everything paused without a group: the queue is left alone for ever") {
  Flow flow(assignment, false);
  flow.update();
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
  flow.pause(both);
  CHECK(flow.leave_queue_alone(nullptr));
  std::this_thread::sleep_for(Flow::kAll + 50ms);
  CHECK(flow.leave_queue_alone(nullptr));
  CHECK_FALSE((s0.held || s1.held));
  flow.resume(both, nullptr);
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
}

TEST_CASE_METHOD(Fixture, "everything paused in a group: after a while librdkafka is told") {
  Flow flow(assignment, true);
  flow.pause(both);
  CHECK(flow.leave_queue_alone(nullptr));
  std::this_thread::sleep_for(Flow::kAll + 50ms);
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
  CHECK((s0.held && s1.held));
  flow.resume(both, nullptr);
  CHECK_FALSE((s0.held || s1.held || s0.paused || s1.paused));
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
}

TEST_CASE_METHOD(Fixture, "some paused: after a moment librdkafka is told, and the others go on") {
  Flow flow(assignment, false);
  flow.pause(first);
  CHECK_FALSE(s0.held);
  std::this_thread::sleep_for(Flow::kSome + 5ms);
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
  CHECK(s0.held);
  CHECK_FALSE(s1.held);
  // The other one too: now nothing runs.
  flow.pause(both);
  CHECK(flow.leave_queue_alone(nullptr));
}

TEST_CASE_METHOD(Fixture, "what is done or gone does not count") {
  Flow flow(assignment, false);
  s1.done = true;
  flow.pause(first);
  std::this_thread::sleep_for(Flow::kSome + 5ms);
  CHECK(flow.leave_queue_alone(nullptr));  // the paused one is all that runs
  s0.active = false;
  flow.update();
  CHECK_FALSE(flow.leave_queue_alone(nullptr));
}
