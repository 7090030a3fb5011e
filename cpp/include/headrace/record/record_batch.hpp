// The unit that moves through the house: typed columns of one partition, in Arrow memory layout.
//
// A batch holds rows of exactly one task (one partition of one topic), in offset order; behind a
// merge, rows of several partitions, each with its origin. Operators own the batch they are given
// and may add, replace or gather columns; once it is shared as shared_ptr<const RecordBatch> it
// never changes again.
//
// Validity is one bit a row, least significant first, set = present (Arrow); a column without a
// validity buffer has no nulls. bool is one byte a value here (0/1) and becomes Arrow's bits at the
// border. Under a null the value is defined too: 0, NaN for float64, code -1 for strings.
//
// Thread contract: one owner while mutable; any number of readers once const.
// Cost: moving a batch moves pointers; gather copies the kept rows.
//
//   for (std::size_t i = 0; i < batch.rows(); ++i) sum += batch.column(3).values<double>()[i];
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <headrace/record/buffer.hpp>
#include <headrace/record/dictionary.hpp>
#include <headrace/record/schema.hpp>

namespace headrace::record {

// Among row numbers: none, which becomes a null.
inline constexpr std::uint32_t kNoRow = 0xFFFFFFFFU;

struct Column {
  DType type = DType::kFloat64;
  BufferPtr data;
  BufferPtr validity;        // null: every row is present
  DictionaryPtr dictionary;  // strings only

  // Borrowed: valid while a reference to `data` is held.
  template <class T>
  [[nodiscard]] const T* values() const noexcept {
    return data->as<T>();
  }
  template <class T>
  [[nodiscard]] T* mutable_values() noexcept {
    return data->as<T>();
  }
  [[nodiscard]] bool is_valid(std::size_t row) const noexcept {
    return !validity || ((validity->as<std::uint8_t>()[row >> 3U] >> (row & 7U)) & 1U) != 0;
  }
  // Marks a row as null, making the bitmap (of `rows` rows, all present) on first use.
  void set_null(std::size_t row, std::size_t rows);

  [[nodiscard]] static Column make(DType type, std::size_t rows);
  // The given rows, in any order and number; a null for kNoRow.
  [[nodiscard]] Column take(std::span<const std::uint32_t> rows) const;
};

// Which partition of which topic a batch comes from, as the source knows it.
struct TaskId {
  std::int32_t topic = 0;  // index into the source's topic names
  std::int32_t partition = 0;
  friend bool operator==(const TaskId&, const TaskId&) = default;
  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};

class RecordBatch {
 public:
  RecordBatch() = default;
  RecordBatch(SchemaPtr schema, std::size_t rows, std::vector<Column> columns);

  [[nodiscard]] const SchemaPtr& schema() const noexcept { return schema_; }
  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] const std::vector<Column>& columns() const noexcept { return columns_; }
  [[nodiscard]] const Column& column(std::size_t i) const noexcept { return columns_[i]; }
  [[nodiscard]] Column& column(std::size_t i) noexcept { return columns_[i]; }

  // Takes the schema that describes the columns after the call.
  void add_column(SchemaPtr schema, Column column);
  void replace_columns(SchemaPtr schema, std::vector<Column> columns);
  // Keeps the given rows (ascending, each once), system columns too.
  void gather(std::span<const std::uint32_t> rows);
  // As gather, but in any order, and a row may come several times.
  void repeat(std::span<const std::uint32_t> rows);

  // System columns. Offsets, event times and key ids have `rows()` entries.
  TaskId task;
  std::uint32_t epoch = 0;       // assignment epoch of the task; stale batches are dropped
  BufferPtr offsets;             // int64: Kafka offset, or row number of a file or frame
  BufferPtr event_times;         // int64 ns; null where the schema has no event time
  BufferPtr key_ids;             // uint32 dense id of the row's key within its task; null: one key
  std::uint32_t key_count = 1;   // ids in this batch are below this
  BufferPtr origins;             // TaskId of each row; null: all rows are of `task`
  BufferPtr deleted;             // uint8, 1: a tombstone, of a table's key; null: there are none
  std::int64_t next_offset = 0;  // position after this batch, also past rejected records
  std::int64_t ingest_steady_ns = 0;  // when the first row was polled; for latency figures only

  // Borrowed: valid while the batch (or a reference to `offsets`) lives.
  [[nodiscard]] std::span<const std::int64_t> offset_values() const noexcept {
    return {offsets ? offsets->as<std::int64_t>() : nullptr, offsets ? rows_ : 0};
  }
  // The partition that the row was read from, or the one that stands for it.
  [[nodiscard]] TaskId origin(std::size_t row) const noexcept {
    return origins ? origins->as<TaskId>()[row] : task;
  }
  [[nodiscard]] std::uint32_t key_id(std::size_t row) const noexcept {
    return key_ids ? key_ids->as<std::uint32_t>()[row] : 0;
  }

 private:
  SchemaPtr schema_;
  std::size_t rows_ = 0;
  std::vector<Column> columns_;
};

using BatchPtr = std::shared_ptr<const RecordBatch>;

}  // namespace headrace::record
