#include <headrace/pipeline/task_registry.hpp>

#include "catch.hpp"

using namespace headrace;
using pipeline::TaskRegistry;
using pipeline::TaskSlot;
using pipeline::TaskStatus;

TEST_CASE("a topic has one index whichever source reads it, tasks go to the threads in turn") {
  TaskRegistry registry(2);
  CHECK(registry.topic("a") == 0);
  CHECK(registry.topic("b") == 1);
  CHECK(registry.topic("a") == 0);
  TaskSlot& one = registry.add("b", {.topic = 0, .partition = 3});
  TaskSlot& two = registry.add("c", {.topic = 1, .partition = 0});
  TaskSlot& three = registry.add("a", {.topic = 0, .partition = 0});
  CHECK(one.task == record::TaskId{1, 3});
  CHECK(one.source_task == record::TaskId{0, 3});
  CHECK(two.task == record::TaskId{2, 0});
  CHECK(one.compute == 0);
  CHECK(two.compute == 1);
  CHECK(three.compute == 0);
  CHECK(registry.topics() == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("status is of the live tasks, by topic and partition; lag counts what is not done") {
  TaskRegistry registry(1);
  TaskSlot& late = registry.add("t", {.topic = 0, .partition = 1});
  TaskSlot& unknown = registry.add("t", {.topic = 0, .partition = 0});
  late.marks = {
      .task = {0, 1}, .epoch = 1, .position = 90, .low_watermark = 0, .high_watermark = 100};
  late.done = 60;
  late.records = 7;
  TaskSlot& given_back = registry.add("t", {.topic = 0, .partition = 2});
  late.live_epoch = 1;
  unknown.live_epoch = 1;
  given_back.live_epoch = TaskSlot::kNobody;
  const std::vector<TaskStatus> status = registry.status();
  REQUIRE(status.size() == 2);
  CHECK(status[0].position.task == unknown.task);
  CHECK(status[0].lag == -1);
  CHECK(status[1].topic == "t");
  CHECK(status[1].position.position == 60);
  CHECK(status[1].lag == 40);
  CHECK(status[1].records == 7);
}

TEST_CASE("offsets that have no records are no lag once the records before them are done") {
  TaskRegistry registry(1);
  TaskSlot& slot = registry.add("t", {.topic = 0, .partition = 0});
  slot.live_epoch = 1;
  slot.marks = {.task = {0, 0},
                .epoch = 1,
                .position = 100,
                .behind_last = 97,
                .low_watermark = 0,
                .high_watermark = 100};
  slot.done = 96;
  CHECK(registry.status()[0].lag == 4);
  slot.done = 97;
  CHECK(registry.status()[0].position.position == 100);
  CHECK(registry.status()[0].lag == 0);
  slot.done = 105;  // the marks are of a moment ago
  CHECK(registry.status()[0].position.position == 105);
}

TEST_CASE("a slot is live under one assignment at a time") {
  TaskSlot slot({0, 0}, {0, 0}, 0);
  CHECK_FALSE(slot.live(0));
  slot.live_epoch = 3;
  CHECK(slot.live(3));
  CHECK_FALSE(slot.live(2));
}
