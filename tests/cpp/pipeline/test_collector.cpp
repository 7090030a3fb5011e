#include <headrace/pipeline/collector.hpp>

#include <algorithm>
#include <random>
#include <tuple>
#include <vector>

#include "batches.hpp"
#include "catch.hpp"

using headrace::pipeline::Collector;
using headrace::pipeline::Frame;
using headrace::testing::first_wrong_row;
using headrace::testing::Partition;
using headrace::testing::test_schema;

namespace {

bool in_event_order(const Frame& frame) {
  const auto key = [&](std::size_t i) {
    return std::make_tuple(
        frame.columns[0].values<std::int64_t>()[i], frame.topics->as<std::int32_t>()[i],
        frame.partitions->as<std::int32_t>()[i], frame.offsets->as<std::int64_t>()[i]);
  };
  for (std::size_t i = 1; i < frame.rows; ++i) {
    if (!(key(i - 1) < key(i))) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("one partition is collected as it came, far beyond the expected number of rows") {
  Collector collector(test_schema(), 10);
  Partition partition(3);
  for (int i = 0; i < 50; ++i) collector.append(partition.shared(4096));
  collector.append(partition.shared(0));
  const Frame frame = collector.take();
  CHECK(frame.rows == 50 * 4096);
  CHECK(frame.end_row == frame.rows);
  CHECK(first_wrong_row(frame) == -1);
  CHECK(in_event_order(frame));
}

TEST_CASE("partitions are merged by event time, partition, offset") {
  std::minstd_rand random(2);
  Collector collector(test_schema(), 0);
  std::vector<Partition> partitions;
  for (const std::int32_t number : {0, 2, 105, 1}) partitions.emplace_back(number);
  std::size_t rows = 0;
  for (int i = 0; i < 400; ++i) {
    const std::size_t n = 1 + random() % 90;
    collector.append(partitions[random() % partitions.size()].shared(n));
    rows += n;
  }
  const Frame frame = collector.take();
  CHECK(frame.rows == rows);
  CHECK(first_wrong_row(frame) == -1);
  CHECK(in_event_order(frame));
  CHECK(frame.columns[1].dictionary->size() == 7);
}

TEST_CASE("event times order rows whose result no longer has them") {
  using namespace headrace::record;
  const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{.name = "n", .type = DType::kInt64}});
  Collector collector(schema, 8);
  const auto batch = [&](std::int32_t partition, std::vector<std::int64_t> times) {
    Column values = Column::make(DType::kInt64, times.size());
    std::copy(times.begin(), times.end(), values.mutable_values<std::int64_t>());
    auto made = std::make_shared<RecordBatch>(schema, times.size(), std::vector<Column>{values});
    made->task.partition = partition;
    made->event_times = values.data;
    made->offsets = values.data;
    collector.append(made);
  };
  batch(1, {5, 7, 9});
  batch(0, {1, 7, 8});
  const Frame frame = collector.take();
  const auto* n = frame.columns[0].values<std::int64_t>();
  CHECK(std::vector<std::int64_t>(n, n + 6) == std::vector<std::int64_t>{1, 5, 7, 7, 8, 9});
  CHECK(frame.partitions->as<std::int32_t>()[2] == 0);
  CHECK(frame.partitions->as<std::int32_t>()[3] == 1);
}

TEST_CASE("nothing collected is a frame of no rows") {
  const Frame frame = Collector(test_schema(), 0).take();
  CHECK(frame.rows == 0);
  CHECK(frame.columns.size() == test_schema()->size());
  CHECK(frame.columns[1].dictionary != nullptr);
}

TEST_CASE("rows that have origins are collected with them, those of a task with its own") {
  namespace record = headrace::record;
  Collector collector(test_schema(), 10);
  Partition partition(3);
  collector.append(partition.shared(2));
  record::RecordBatch batch = partition.next(2);
  batch.origins = record::Buffer::allocate(2 * sizeof(record::TaskId));
  batch.origins->as<record::TaskId>()[0] = {.topic = 7, .partition = 8};
  batch.origins->as<record::TaskId>()[1] = {.topic = 5, .partition = 6};
  std::swap(batch.event_times->as<std::int64_t>()[0], batch.event_times->as<std::int64_t>()[1]);
  collector.append(std::make_shared<const record::RecordBatch>(std::move(batch)));
  collector.append(partition.shared(1));
  const Frame frame = collector.take();
  REQUIRE(frame.rows == 5);
  const auto* topics = frame.topics->as<std::int32_t>();
  const auto* partitions = frame.partitions->as<std::int32_t>();
  CHECK(std::vector<std::int32_t>(topics, topics + 5) == std::vector<std::int32_t>{0, 0, 5, 7, 0});
  CHECK(std::vector<std::int32_t>(partitions, partitions + 5) ==
        std::vector<std::int32_t>{3, 3, 6, 8, 3});
}
