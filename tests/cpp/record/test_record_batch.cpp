#include <headrace/record/record_batch.hpp>

#include <numeric>

#include "catch.hpp"

using namespace headrace::record;

namespace {
RecordBatch numbers(std::size_t rows) {
  Column x = Column::make(DType::kFloat64, rows);
  Column flag = Column::make(DType::kBool, rows);
  for (std::size_t i = 0; i < rows; ++i) {
    x.mutable_values<double>()[i] = static_cast<double>(i);
    flag.mutable_values<std::uint8_t>()[i] = i % 2;
    if (i % 3 == 0) x.set_null(i, rows);
  }
  auto schema = std::make_shared<const Schema>(
      std::vector<Field>{{.name = "x", .type = DType::kFloat64, .nullable = true},
                         {.name = "flag", .type = DType::kBool}});
  RecordBatch batch(schema, rows, {std::move(x), std::move(flag)});
  batch.offsets = Buffer::allocate(rows * 8);
  batch.key_ids = Buffer::allocate(rows * 4);
  std::iota(batch.offsets->as<std::int64_t>(), batch.offsets->as<std::int64_t>() + rows, 100);
  std::iota(batch.key_ids->as<std::uint32_t>(), batch.key_ids->as<std::uint32_t>() + rows, 0U);
  return batch;
}
}  // namespace

TEST_CASE("gather keeps values, nulls and system columns of the kept rows") {
  RecordBatch batch = numbers(50);
  const std::vector<std::uint32_t> keep{0, 1, 3, 10, 49};
  batch.gather(keep);
  REQUIRE(batch.rows() == keep.size());
  for (std::size_t i = 0; i < keep.size(); ++i) {
    CHECK(batch.column(0).values<double>()[i] == keep[i]);
    CHECK(batch.column(0).is_valid(i) == (keep[i] % 3 != 0));
    CHECK(batch.column(1).values<std::uint8_t>()[i] == keep[i] % 2);
    CHECK(batch.offset_values()[i] == 100 + keep[i]);
    CHECK(batch.key_id(i) == keep[i]);
  }
  batch.gather({});
  CHECK(batch.rows() == 0);
}

TEST_CASE("rows can be repeated, in any order, also as many as there were") {
  for (const std::vector<std::uint32_t>& rows :
       {std::vector<std::uint32_t>{0, 0, 3}, {2, 2, 2, 1, 0}, {1, 0}, {}}) {
    RecordBatch batch = numbers(4);
    batch.repeat(rows);
    REQUIRE(batch.rows() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK(batch.column(0).values<double>()[i] == rows[i]);
      CHECK(batch.column(0).is_valid(i) == (rows[i] % 3 != 0));
      CHECK(batch.offset_values()[i] == 100 + rows[i]);
      CHECK(batch.key_id(i) == rows[i]);
    }
  }
  RecordBatch batch = numbers(3);
  batch.repeat(std::vector<std::uint32_t>{2, 0, 0});
  CHECK(batch.offset_values()[0] == 102);
}

TEST_CASE("a column without a validity buffer has no nulls") {
  const Column column = Column::make(DType::kInt64, 3);
  CHECK(column.is_valid(2));
}

TEST_CASE("gather leaves buffers that others hold as they were") {
  RecordBatch batch = numbers(10);
  const BufferPtr before = batch.column(0).data;
  const std::vector<std::uint32_t> keep{5};
  batch.gather(keep);
  CHECK(before->as<double>()[3] == 3.0);
}

TEST_CASE("repeat gives rows in any order and number, system columns too") {
  RecordBatch batch = numbers(6);
  const std::vector<std::uint32_t> rows{4, 4, 3, 0, 1, 5};  // as many as there were
  batch.repeat(rows);
  CHECK(batch.rows() == 6);
  CHECK(batch.column(0).values<double>()[1] == 4);
  CHECK_FALSE(batch.column(0).is_valid(2));
  CHECK(batch.column(1).values<std::uint8_t>()[5] == 1);
  CHECK(batch.offset_values()[0] == 104);
  CHECK(batch.key_id(3) == 0);
}

TEST_CASE("a column taken with kNoRow has nulls there") {
  const RecordBatch batch = numbers(6);
  const std::vector<std::uint32_t> rows{kNoRow, 2, 3};
  const Column x = batch.column(0).take(rows);
  CHECK_FALSE(x.is_valid(0));
  CHECK(x.values<double>()[0] != x.values<double>()[0]);
  CHECK(x.values<double>()[1] == 2);
  CHECK_FALSE(x.is_valid(2));
  const Column flag = batch.column(1).take(rows);
  CHECK_FALSE(flag.is_valid(0));
  CHECK(flag.is_valid(2));
  CHECK(batch.column(1).take(std::vector<std::uint32_t>{5}).validity == nullptr);
}
