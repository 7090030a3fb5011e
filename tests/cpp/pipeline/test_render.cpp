#include <headrace/pipeline/render.hpp>

#include <algorithm>

#include "batches.hpp"
#include "catch.hpp"

using namespace headrace;

TEST_CASE("rejects without a value get their row as JSON, by offset") {
  testing::Partition partition(0);
  (void)partition.next(10);
  const record::RecordBatch batch = partition.next(5);  // offsets 10 to 14
  record::Rejects rejects(4);
  rejects[0].offset = 12;
  rejects[1].offset = 13;
  rejects[1].value = "has one";
  rejects[2].key = "its own";
  rejects[2].offset = 14;
  rejects[3].offset = 99;  // not of this batch
  pipeline::render_values(batch, rejects);
  CHECK(rejects[0].value.find("\"n\":-12") != std::string::npos);
  CHECK(rejects[1].value == "has one");
  CHECK(rejects[2].value.find("\"n\":-14") != std::string::npos);
  CHECK(rejects[3].value.empty());
  CHECK(rejects[0].key == testing::key_at(0, 12));
  CHECK(rejects[1].key.empty());
  CHECK(rejects[2].key == "its own");
}

TEST_CASE("rows that were sorted are found by offset, too") {
  testing::Partition partition(0);
  record::RecordBatch batch = partition.next(5);
  std::reverse(batch.offsets->as<std::int64_t>(), batch.offsets->as<std::int64_t>() + 5);
  record::Rejects rejects(3);
  rejects[0].offset = 4;
  rejects[1].offset = 1;
  rejects[2].offset = 7;
  pipeline::render_values(batch, rejects);
  CHECK(rejects[0].value.find("\"n\":0") != std::string::npos);
  CHECK(rejects[1].value.find("\"n\":-3") != std::string::npos);
  CHECK(rejects[2].value.empty());
}

TEST_CASE("rows of several partitions are found by partition and offset") {
  testing::Partition partition(0);
  record::RecordBatch batch = partition.next(3);
  batch.origins = record::Buffer::allocate(3 * sizeof(record::TaskId));
  for (int row = 0; row < 3; ++row) {
    batch.origins->as<record::TaskId>()[row] = {.topic = 0, .partition = 2 - row};
    batch.offsets->as<std::int64_t>()[row] = 50;
  }
  record::Rejects rejects(2);
  rejects[0].offset = rejects[1].offset = 50;
  rejects[0].task = {.topic = 0, .partition = 0};
  rejects[1].task = {.topic = 1, .partition = 0};  // of another topic
  pipeline::render_values(batch, rejects);
  CHECK(rejects[0].value.find("\"n\":-2") != std::string::npos);
  CHECK(rejects[1].value.empty());
}
