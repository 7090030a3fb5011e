#include <headrace/pipeline/segment.hpp>

#include "batches.hpp"
#include "catch.hpp"

using namespace headrace;
using namespace headrace::testing;
using pipeline::Frame;
using pipeline::gather;
using pipeline::Piece;
using pipeline::segment_of;

namespace {

Piece run(const record::RecordBatch& batch, std::size_t begin, std::size_t rows) {
  return {.segment = segment_of(batch), .begin = begin, .rows = rows, .picked = {}};
}

}  // namespace

TEST_CASE("pieces of several partitions become one frame with one dictionary per column") {
  Partition a(0);
  Partition b(103);
  Piece picked = run(b.next(20), 0, 20);
  picked.picked = {1, 5, 19};
  const std::vector<Piece> pieces{run(a.next(50), 7, 11), picked, run(a.next(9), 0, 9)};
  const Frame frame = gather(test_schema(), pieces);
  CHECK(frame.rows == 23);
  CHECK(first_wrong_row(frame) == -1);
  CHECK(offsets_of(frame)[0] == 7);
  CHECK(offsets_of(frame)[13] == 19);
  CHECK(frame.topics->as<std::int32_t>()[12] == 1);
}

TEST_CASE("a large run of one segment is lent, a small one is copied") {
  Partition a(0);
  const record::RecordBatch batch = a.next(4'096);
  const auto data = [&](std::size_t begin, std::size_t rows) {
    return gather(test_schema(), std::vector<Piece>{run(batch, begin, rows)}).columns[4].data;
  };
  const auto* values = batch.column(4).values<std::int64_t>();
  CHECK(data(100, 3'000)->as<std::int64_t>() == values + 100);
  CHECK(data(100, 3'000)->capacity() == 3'000 * sizeof(std::int64_t));
  CHECK(data(100, 100)->as<std::int64_t>() != values + 100);
  CHECK(first_wrong_row(gather(test_schema(), std::vector<Piece>{run(batch, 101, 3'001)})) == -1);
}

TEST_CASE("a frame whose rows are all present has no validity") {
  Partition a(0);
  const record::RecordBatch batch = a.next(10);
  const Frame some = gather(test_schema(), std::vector<Piece>{run(batch, 1, 4)});
  CHECK(some.columns[2].validity == nullptr);
  const Frame all = gather(test_schema(), std::vector<Piece>{run(batch, 1, 5)});
  CHECK(all.columns[2].validity != nullptr);
}

TEST_CASE("the newest rows of a key across pieces, oldest first") {
  Partition a(0);
  Partition b(1);
  const std::vector<Piece> pieces{run(a.next(30), 2, 20), run(b.next(30), 0, 30)};
  const std::vector<Piece> found = pipeline::pieces_of_key(*test_schema(), pieces, key_at(0, 4), 6);
  const Frame frame = gather(test_schema(), found);
  REQUIRE(frame.rows == 6);
  CHECK(first_wrong_row(frame) == -1);
  CHECK(frame.partitions->as<std::int32_t>()[0] == 0);
  CHECK(frame.partitions->as<std::int32_t>()[5] == 1);
  CHECK(pipeline::pieces_of_key(*test_schema(), pieces, "nobody", 6).empty());
}

TEST_CASE("rows that have origins keep them in a frame") {
  Partition a(0);
  record::RecordBatch batch = a.next(4);
  batch.origins = record::Buffer::allocate(4 * sizeof(record::TaskId));
  for (int row = 0; row < 4; ++row) {
    batch.origins->as<record::TaskId>()[row] = {.topic = row % 2, .partition = 9 - row};
  }
  Piece picked = run(batch, 0, 4);
  picked.picked = {1, 2};
  const Frame frame = gather(test_schema(), std::vector<Piece>{picked, run(a.next(1), 0, 1)});
  REQUIRE(frame.rows == 3);
  const auto* topics = frame.topics->as<std::int32_t>();
  const auto* partitions = frame.partitions->as<std::int32_t>();
  CHECK(std::vector<std::int32_t>(topics, topics + 3) == std::vector<std::int32_t>{1, 0, 0});
  CHECK(std::vector<std::int32_t>(partitions, partitions + 3) ==
        std::vector<std::int32_t>{8, 7, 0});
}
