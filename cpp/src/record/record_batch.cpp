#include <headrace/record/record_batch.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace headrace::record {
namespace {

std::size_t bitmap_bytes(std::size_t rows) noexcept { return (rows + 7) / 8; }

template <class T>
BufferPtr gathered(const Buffer& from, std::span<const std::uint32_t> rows) {
  BufferPtr to = Buffer::allocate(rows.size() * sizeof(T));
  const T* in = from.as<T>();
  T* out = to->as<T>();
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = in[rows[i]];
  return to;
}

BufferPtr gathered_values(const Column& column, std::span<const std::uint32_t> rows) {
  switch (width_of(column.type)) {
    case 1:
      return gathered<std::uint8_t>(*column.data, rows);
    case 4:
      return gathered<std::uint32_t>(*column.data, rows);
    default:
      return gathered<std::uint64_t>(*column.data, rows);
  }
}

BufferPtr gathered_validity(const Column& column, std::span<const std::uint32_t> rows) {
  BufferPtr bits = Buffer::allocate_zeroed(bitmap_bytes(rows.size()));
  auto* out = bits->as<std::uint8_t>();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (column.is_valid(rows[i])) out[i >> 3U] |= static_cast<std::uint8_t>(1U << (i & 7U));
  }
  return bits;
}

template <class T>
void copy_or_nothing(const Column& from, std::span<const std::uint32_t> rows, T nothing,
                     Column& to) {
  const T* const in = from.values<T>();
  T* const out = to.mutable_values<T>();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool present = rows[i] != kNoRow && from.is_valid(rows[i]);
    out[i] = rows[i] != kNoRow ? in[rows[i]] : nothing;
    if (!present) to.set_null(i, rows.size());
  }
}

}  // namespace

Column Column::make(DType type, std::size_t rows) {
  Column column;
  column.type = type;
  column.data = Buffer::allocate(rows * width_of(type));
  return column;
}

void Column::set_null(std::size_t row, std::size_t rows) {
  if (!validity) {
    validity = Buffer::allocate(bitmap_bytes(rows));
    std::memset(validity->data(), 0xFF, validity->capacity());
  }
  validity->as<std::uint8_t>()[row >> 3U] &= static_cast<std::uint8_t>(~(1U << (row & 7U)));
}

Column Column::take(std::span<const std::uint32_t> rows) const {
  Column taken = make(type, rows.size());
  taken.dictionary = dictionary;
  switch (type) {
    case DType::kBool:
      copy_or_nothing<std::uint8_t>(*this, rows, 0, taken);
      break;
    case DType::kString:
      copy_or_nothing<std::int32_t>(*this, rows, -1, taken);
      break;
    case DType::kFloat64:
      copy_or_nothing<double>(*this, rows, std::numeric_limits<double>::quiet_NaN(), taken);
      break;
    default:
      copy_or_nothing<std::int64_t>(*this, rows, 0, taken);
  }
  return taken;
}

RecordBatch::RecordBatch(SchemaPtr schema, std::size_t rows, std::vector<Column> columns)
    : schema_(std::move(schema)), rows_(rows), columns_(std::move(columns)) {}

void RecordBatch::add_column(SchemaPtr schema, Column column) {
  schema_ = std::move(schema);
  columns_.push_back(std::move(column));
}

void RecordBatch::replace_columns(SchemaPtr schema, std::vector<Column> columns) {
  schema_ = std::move(schema);
  columns_ = std::move(columns);
}

void RecordBatch::gather(std::span<const std::uint32_t> rows) {
  if (rows.size() != rows_) repeat(rows);
}

void RecordBatch::repeat(std::span<const std::uint32_t> rows) {
  for (Column& column : columns_) {
    BufferPtr values = gathered_values(column, rows);
    if (column.validity) column.validity = gathered_validity(column, rows);
    column.data = std::move(values);
  }
  if (offsets) offsets = gathered<std::int64_t>(*offsets, rows);
  if (event_times) event_times = gathered<std::int64_t>(*event_times, rows);
  if (key_ids) key_ids = gathered<std::uint32_t>(*key_ids, rows);
  if (origins) origins = gathered<TaskId>(*origins, rows);
  if (deleted) deleted = gathered<std::uint8_t>(*deleted, rows);
  rows_ = rows.size();
}

}  // namespace headrace::record
