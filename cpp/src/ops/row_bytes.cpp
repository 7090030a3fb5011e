#include <headrace/ops/row_bytes.hpp>

#include <cmath>
#include <cstdint>

namespace headrace::ops {
namespace {

using record::Column;
using record::DType;

constexpr char kNothing = 0;
constexpr char kValue = 1;

template <class T>
void append(std::string& bytes, T value) {
  bytes.push_back(kValue);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Its size goes first, so that no text can look like the end of one and the start of another.
void append_text(std::string& bytes, std::string_view text) {
  append(bytes, static_cast<std::uint32_t>(text.size()));
  bytes.append(text);
}

void append_value(std::string& bytes, const Column& column, std::size_t row) {
  switch (column.type) {
    case DType::kBool:
      return append(bytes, column.values<std::uint8_t>()[row]);
    case DType::kFloat64: {
      const double value = column.values<double>()[row];
      if (std::isnan(value)) return bytes.push_back(kNothing);
      return append(bytes, value == 0 ? 0.0 : value);
    }
    case DType::kString:
      return append_text(bytes, column.dictionary->text(column.values<std::int32_t>()[row]));
    default:
      return append(bytes, column.values<std::int64_t>()[row]);
  }
}

}  // namespace

std::string_view RowBytes::of(const record::RecordBatch& batch, std::size_t row) {
  bytes_.clear();
  for (const std::size_t index : columns_) {
    const Column& column = batch.column(index);
    if (column.is_valid(row)) {
      append_value(bytes_, column, row);
    } else {
      bytes_.push_back(kNothing);
    }
  }
  return bytes_;
}

}  // namespace headrace::ops
