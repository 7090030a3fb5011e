// Batches whose every value follows from partition and offset, so that any frame can be checked row
// by row whatever way it was put together.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <headrace/pipeline/frame_store.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::testing {

inline record::SchemaPtr test_schema() {
  using record::DType;
  return std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "t", .type = DType::kTimestamp},
                                 {.name = "k", .type = DType::kString},
                                 {.name = "x", .type = DType::kFloat64, .nullable = true},
                                 {.name = "b", .type = DType::kBool},
                                 {.name = "n", .type = DType::kInt64},
                                 {.name = "s", .type = DType::kString, .nullable = true}},
      "t", "k");
}

// What the row at an offset holds.
inline std::int64_t time_at(std::int32_t partition, std::int64_t offset) {
  return offset * 10 + partition % 3;
}
inline std::string key_at(std::int32_t partition, std::int64_t offset) {
  return "K" + std::to_string((offset + partition) % 7);
}
inline bool x_present(std::int64_t offset) { return offset % 5 != 0; }
inline double x_at(std::int32_t partition, std::int64_t offset) {
  return static_cast<double>(offset) * 0.5 + partition;
}
inline bool s_present(std::int64_t offset) { return offset % 11 != 3; }
inline std::string s_at(std::int64_t offset) { return "s" + std::to_string(offset % 100); }

// Makes the batches of one partition, with dictionaries of its own.
class Partition {
 public:
  explicit Partition(std::int32_t number, record::SchemaPtr schema = test_schema())
      : schema_(std::move(schema)), number_(number) {}

  record::RecordBatch next(std::size_t rows) {
    using record::Column;
    using record::DType;
    std::vector<Column> c;
    for (const record::Field& field : schema_->fields())
      c.push_back(Column::make(field.type, rows));
    c[1].dictionary = keys_;
    c[5].dictionary = words_;
    record::BufferPtr offsets = record::Buffer::allocate(rows * sizeof(std::int64_t));
    for (std::size_t i = 0; i < rows; ++i) {
      const std::int64_t offset = next_++;
      offsets->as<std::int64_t>()[i] = offset;
      c[0].mutable_values<std::int64_t>()[i] = time_at(number_, offset);
      c[1].mutable_values<std::int32_t>()[i] = keys_->intern(key_at(number_, offset));
      c[2].mutable_values<double>()[i] = x_at(number_, offset);
      if (!x_present(offset)) {
        c[2].set_null(i, rows);
        c[2].mutable_values<double>()[i] = std::numeric_limits<double>::quiet_NaN();
      }
      c[3].mutable_values<std::uint8_t>()[i] = offset % 2 != 0;
      c[4].mutable_values<std::int64_t>()[i] = -offset;
      c[5].mutable_values<std::int32_t>()[i] =
          s_present(offset) ? words_->intern(s_at(offset)) : -1;
      if (!s_present(offset)) c[5].set_null(i, rows);
    }
    record::RecordBatch batch(schema_, rows, std::move(c));
    batch.task = {.topic = number_ / 100, .partition = number_};
    batch.event_times = batch.column(0).data;
    batch.offsets = std::move(offsets);
    batch.next_offset = next_;
    return batch;
  }
  record::BatchPtr shared(std::size_t rows) {
    return std::make_shared<const record::RecordBatch>(next(rows));
  }

 private:
  record::SchemaPtr schema_;
  std::int32_t number_;
  std::int64_t next_ = 0;
  record::DictionaryPtr keys_ = std::make_shared<record::Dictionary>();
  record::DictionaryPtr words_ = std::make_shared<record::Dictionary>();
};

// The first row that is not as partition and offset say, or -1.
inline std::int64_t first_wrong_row(const pipeline::Frame& frame) {
  const auto text = [&](std::size_t column, std::size_t row) {
    return frame.columns[column].dictionary->text(
        frame.columns[column].values<std::int32_t>()[row]);
  };
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const std::int32_t p = frame.partitions->as<std::int32_t>()[i];
    const std::int64_t o = frame.offsets->as<std::int64_t>()[i];
    const double x = frame.columns[2].values<double>()[i];
    const bool right = frame.topics->as<std::int32_t>()[i] == p / 100 &&
                       frame.columns[0].values<std::int64_t>()[i] == time_at(p, o) &&
                       text(1, i) == key_at(p, o) && frame.columns[2].is_valid(i) == x_present(o) &&
                       (x_present(o) ? x == x_at(p, o) : std::isnan(x)) &&
                       frame.columns[3].values<std::uint8_t>()[i] == (o % 2 != 0 ? 1 : 0) &&
                       frame.columns[4].values<std::int64_t>()[i] == -o &&
                       frame.columns[5].is_valid(i) == s_present(o) &&
                       (!s_present(o) || text(5, i) == s_at(o));
    if (!right) return static_cast<std::int64_t>(i);
  }
  return -1;
}

inline std::vector<std::int64_t> offsets_of(const pipeline::Frame& frame) {
  const auto* values = frame.offsets->as<std::int64_t>();
  return {values, values + frame.rows};
}

}  // namespace headrace::testing
