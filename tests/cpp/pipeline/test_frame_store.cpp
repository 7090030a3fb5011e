#include <headrace/pipeline/frame_store.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include <headrace/base/error.hpp>

#include "batches.hpp"
#include "catch.hpp"

using headrace::pipeline::Frame;
using headrace::pipeline::FrameStore;
using headrace::testing::first_wrong_row;
using headrace::testing::offsets_of;
using headrace::testing::Partition;
using headrace::testing::test_schema;

namespace {

std::vector<std::int64_t> range(std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = begin; i < end; ++i) numbers.push_back(i);
  return numbers;
}

// Offsets of each partition ascend without a gap: nothing lost, doubled or reordered.
bool contiguous(const Frame& frame) {
  std::map<std::int32_t, std::int64_t> next;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const std::int32_t p = frame.partitions->as<std::int32_t>()[i];
    const std::int64_t o = frame.offsets->as<std::int64_t>()[i];
    const auto [at, fresh] = next.try_emplace(p, o);
    if (!fresh && at->second != o) return false;
    at->second = o + 1;
  }
  return true;
}

}  // namespace

TEST_CASE("the newest rows in arrival order, whatever the sizes of the batches") {
  for (const std::size_t size : {1U, 7U, 255U, 256U, 1000U, 4096U, 20'000U}) {
    FrameStore store(test_schema(), 10'000);
    Partition partition(0);
    for (std::size_t rows = 0; rows < 30'000; rows += size) store.append(partition.shared(size));
    const auto end = static_cast<std::int64_t>(store.rows_appended());
    for (const std::size_t last : {0U, 1U, 2U, 500U, 9'999U, 10'000U}) {
      const Frame frame = store.frame(last);
      INFO("batches of " << size << ", last " << last);
      REQUIRE(offsets_of(frame) == range(end - static_cast<std::int64_t>(last), end));
      REQUIRE(first_wrong_row(frame) == -1);
      REQUIRE(frame.end_row == static_cast<std::uint64_t>(end));
    }
    CHECK(store.frame(1'000'000).rows == 10'000);
  }
}

TEST_CASE("small and large batches of several partitions in turn") {
  std::minstd_rand random(3);
  FrameStore store(test_schema(), 20'000);
  std::vector<Partition> partitions;
  for (std::int32_t p = 0; p < 4; ++p) partitions.emplace_back(p);
  for (int i = 0; i < 500; ++i) {
    const std::size_t rows = random() % 3 != 0 ? random() % 20 : 200 + random() % 400;
    store.append(partitions[random() % 4].shared(rows));
    const Frame frame = store.frame(random() % 3000);
    REQUIRE(first_wrong_row(frame) == -1);
    REQUIRE(contiguous(frame));
  }
}

TEST_CASE("an empty store gives an empty frame with all columns") {
  const FrameStore store(test_schema(), 100);
  const Frame frame = store.frame(10);
  CHECK(frame.rows == 0);
  CHECK(frame.end_row == 0);
  CHECK(frame.columns.size() == test_schema()->size());
  CHECK(frame.columns[1].dictionary != nullptr);
}

TEST_CASE("the newest rows of one key") {
  FrameStore store(test_schema(), 5'000);
  Partition a(0);
  Partition b(1);
  for (int i = 0; i < 40; ++i) {
    store.append(a.shared(i % 2 != 0 ? 300 : 5));
    store.append(b.shared(3));
  }
  const Frame frame = store.frame(100, "K3");
  CHECK(frame.rows == 100);
  CHECK(first_wrong_row(frame) == -1);
  CHECK(frame.columns[1].dictionary->text(frame.columns[1].values<std::int32_t>()[99]) == "K3");
  const Frame everything = store.frame(100'000, "K3");
  CHECK(everything.rows < 5'000 / 6);
  CHECK(everything.rows > 5'000 / 8);
  CHECK(store.frame(100, "no such key").rows == 0);
}

TEST_CASE("an integer key is asked for by its digits; a result without key says so") {
  using namespace headrace::record;
  const auto fill = [](const SchemaPtr& schema) {
    auto store = std::make_unique<FrameStore>(schema, 1000);
    Column ids = Column::make(DType::kInt64, 300);
    for (std::int64_t i = 0; i < 300; ++i) ids.mutable_values<std::int64_t>()[i] = i % 10 - 5;
    store->append(std::make_shared<const RecordBatch>(schema, 300, std::vector<Column>{ids}));
    return store;
  };
  const std::vector<Field> fields{{.name = "id", .type = DType::kInt64}};
  const auto keyed = fill(std::make_shared<const Schema>(fields, std::nullopt, "id"));
  CHECK(keyed->frame(1000, "-5").rows == 30);
  CHECK(keyed->frame(1000, "5").rows == 0);
  CHECK(keyed->frame(1000, "five").rows == 0);
  const auto keyless = fill(std::make_shared<const Schema>(fields));
  CHECK_THROWS_AS(keyless->frame(10, "5"), headrace::base::Exception);
}

TEST_CASE("reading on from a position, and what was missed") {
  FrameStore store(test_schema(), 1'000);
  Partition partition(0);
  std::uint64_t missed = 99;
  for (int i = 0; i < 10; ++i) store.append(partition.shared(50));
  Frame frame = store.since(200, &missed);
  CHECK(offsets_of(frame) == range(200, 500));
  CHECK(missed == 0);
  CHECK(store.since(frame.end_row, &missed).rows == 0);
  for (int i = 0; i < 10; ++i) store.append(partition.shared(500));
  frame = store.since(frame.end_row, &missed);
  CHECK(frame.end_row == 5'500);
  CHECK(missed + frame.rows == 5'000);
  CHECK(frame.rows >= 1'000);
  CHECK(first_wrong_row(frame) == -1);
  CHECK(store.since(1'000'000, nullptr).rows == 0);
}

TEST_CASE("a frame outlives the store and its history, lent or copied") {
  auto store = std::make_unique<FrameStore>(test_schema(), 4'096);
  Partition partition(0);
  store->append(partition.shared(4'096));
  const Frame lent = store->frame(3'000);
  const Frame copy = store->frame(10);
  for (int i = 0; i < 100; ++i) store->append(partition.shared(4'096));
  store.reset();
  CHECK(offsets_of(lent) == range(1'096, 4'096));
  CHECK(first_wrong_row(lent) == -1);
  CHECK(first_wrong_row(copy) == -1);
}

TEST_CASE("a large dictionary does not leave with a small frame") {
  using namespace headrace::record;
  const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{.name = "s", .type = DType::kString}});
  const auto words = std::make_shared<Dictionary>();
  FrameStore store(schema, 50'000);
  for (int batch = 0; batch < 20; ++batch) {
    Column column = Column::make(DType::kString, 1'000);
    column.dictionary = words;
    for (int i = 0; i < 1'000; ++i) {
      column.mutable_values<std::int32_t>()[i] = words->intern(std::to_string(batch * 1'000 + i));
    }
    store.append(std::make_shared<const RecordBatch>(schema, 1'000, std::vector<Column>{column}));
  }
  const Frame frame = store.frame(5);
  CHECK(frame.columns[0].dictionary->size() == 5);
  CHECK(frame.columns[0].dictionary->text(frame.columns[0].values<std::int32_t>()[4]) == "19999");
  CHECK(store.frame(20'000).columns[0].dictionary->size() == 20'000);
}

TEST_CASE("nulls where the schema expects none are kept") {
  using namespace headrace::record;
  const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{.name = "x", .type = DType::kFloat64}});
  FrameStore store(schema, 100);
  for (int i = 0; i < 3; ++i) {
    Column column = Column::make(DType::kFloat64, 1);
    column.mutable_values<double>()[0] = i;
    if (i == 1) column.set_null(0, 1);
    store.append(std::make_shared<const RecordBatch>(schema, 1, std::vector<Column>{column}));
  }
  const Frame frame = store.frame(3);
  CHECK(frame.columns[0].is_valid(0));
  CHECK_FALSE(frame.columns[0].is_valid(1));
  CHECK(frame.columns[0].is_valid(2));
}

TEST_CASE("readers flat out: every frame is consistent, and ends where it says") {
  FrameStore store(test_schema(), 8'000);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::atomic<int> frames{0};
  const auto check = [&](const Frame& frame) {
    if (first_wrong_row(frame) != -1 || !contiguous(frame)) ++wrong;
    ++frames;
  };
  std::vector<std::thread> readers;
  readers.emplace_back([&] {
    std::uint64_t rows = 0;
    while (!done) {
      const std::uint64_t at_least = store.rows_appended();
      const Frame frame = store.frame(1 + rows++ % 3'000);
      if (frame.end_row < at_least) ++wrong;
      check(frame);
    }
  });
  readers.emplace_back([&] {
    while (!done) {
      const Frame frame = store.frame(200, "K2");
      if (frame.rows > 200 || first_wrong_row(frame) != -1) ++wrong;
    }
  });
  readers.emplace_back([&] {
    std::uint64_t position = 0;
    std::uint64_t seen = 0;
    while (!done || position < store.rows_appended()) {
      std::uint64_t missed = 0;
      const Frame frame = store.since(position, &missed);
      seen += missed + frame.rows;
      position = frame.end_row;
      if (seen != position) ++wrong;
      if (first_wrong_row(frame) != -1) ++wrong;
    }
  });
  std::minstd_rand random(4);
  std::vector<Partition> partitions;
  for (std::int32_t p = 0; p < 3; ++p) partitions.emplace_back(p);
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1'500);
  while (std::chrono::steady_clock::now() < end || frames < 100) {
    store.append(partitions[random() % 3].shared(random() % 8 != 0 ? random() % 10 : 1'000));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}
