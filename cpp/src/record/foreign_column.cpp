#include <headrace/record/foreign_column.hpp>

#include <cstring>
#include <limits>
#include <type_traits>

namespace headrace::record {
namespace {

bool bit(const void* bits, std::size_t i) noexcept {
  return ((static_cast<const std::uint8_t*>(bits)[i >> 3U] >> (i & 7U)) & 1U) != 0;
}

template <class Offset>
std::string_view by_offsets(const ForeignColumn& column, std::size_t row) noexcept {
  const Offset* offsets = values_at<Offset>(column, row);
  return {column.text + offsets[0], static_cast<std::size_t>(offsets[1] - offsets[0])};
}

// Arrow's view: int32 length, then the text itself up to 12 bytes, else four bytes of it, int32
// number of a buffer, int32 offset in it.
std::string_view by_view(const ForeignColumn& column, std::size_t row) noexcept {
  constexpr std::size_t kView = 16;
  constexpr std::int32_t kInline = 12;
  const char* view = static_cast<const char*>(column.data) + (column.offset + row) * kView;
  std::int32_t length = 0;
  std::memcpy(&length, view, sizeof length);
  const auto size = static_cast<std::size_t>(length);
  if (length <= kInline) return {view + sizeof length, size};
  std::int32_t buffer = 0;
  std::int32_t offset = 0;
  std::memcpy(&buffer, view + 8, sizeof buffer);
  std::memcpy(&offset, view + 12, sizeof offset);
  return {static_cast<const char*>(column.text_buffers[buffer]) + offset, size};
}

std::int64_t time_count(const ForeignColumn& column, std::size_t row) noexcept {
  return column.kind == ForeignKind::kDate32 ? *values_at<std::int32_t>(column, row)
                                             : *values_at<std::int64_t>(column, row);
}

ForeignValue time_value(const ForeignColumn& column, std::size_t row) {
  constexpr std::int64_t kDay = 86'400'000'000'000;
  const std::int64_t scale = column.kind == ForeignKind::kDate32   ? kDay
                             : column.kind == ForeignKind::kDate64 ? 1'000'000
                                                                   : nanoseconds_in(column.unit);
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(time_count(column, row), scale, &ns)) return {};
  return ForeignTime{ns};
}

}  // namespace

bool is_null(const ForeignColumn& column, std::size_t row) noexcept {
  if (column.kind == ForeignKind::kNull) return true;
  if (column.null_bytes != nullptr && column.null_bytes[row] != 0) return true;
  if (column.valid_bits != nullptr && !bit(column.valid_bits, column.offset + row)) return true;
  if (column.kind == ForeignKind::kCodes) {
    const std::int64_t code = code_at(column, row);
    return code < 0 || static_cast<std::size_t>(code) >= column.words->size() ||
           (*column.words)[static_cast<std::size_t>(code)].data() == nullptr;
  }
  if (column.kind == ForeignKind::kTimestamp) {
    return *values_at<std::int64_t>(column, row) == std::numeric_limits<std::int64_t>::min();
  }
  return false;
}

std::string_view text_at(const ForeignColumn& column, std::size_t row) noexcept {
  switch (column.kind) {
    case ForeignKind::kUtf8:
      return by_offsets<std::int32_t>(column, row);
    case ForeignKind::kLargeUtf8:
      return by_offsets<std::int64_t>(column, row);
    case ForeignKind::kUtf8View:
      return by_view(column, row);
    default:
      return (*column.words)[static_cast<std::size_t>(code_at(column, row))];
  }
}

std::int64_t code_at(const ForeignColumn& column, std::size_t row) noexcept {
  std::int64_t code = -1;
  visit_number(column.code_kind, [&]<class T>() {
    if constexpr (std::is_integral_v<T>)
      code = static_cast<std::int64_t>(*values_at<T>(column, row));
  });
  return code;
}

ForeignValue value_at(const ForeignColumn& column, std::size_t row) {
  if (is_null(column, row)) return {};
  ForeignValue value;
  const bool number = visit_number(column.kind, [&]<class T>() {
    const T x = *values_at<T>(column, row);
    if constexpr (std::is_floating_point_v<T>) {
      value = static_cast<double>(x);
    } else if constexpr (std::is_signed_v<T>) {
      value = static_cast<std::int64_t>(x);
    } else {
      value = static_cast<std::uint64_t>(x);
    }
  });
  if (number) return value;
  switch (column.kind) {
    case ForeignKind::kBool:
      return *values_at<std::uint8_t>(column, row) != 0;
    case ForeignKind::kBits:
      return bit(column.data, column.offset + row);
    case ForeignKind::kTimestamp:
    case ForeignKind::kDate32:
    case ForeignKind::kDate64:
      return time_value(column, row);
    case ForeignKind::kOther:
      return {};
    default:
      return text_at(column, row);
  }
}

std::string type_name(const ForeignColumn& column) {
  switch (column.kind) {
    case ForeignKind::kNull:
      return "null";
    case ForeignKind::kBool:
    case ForeignKind::kBits:
      return "bool";
    case ForeignKind::kInt8:
      return "int8";
    case ForeignKind::kInt16:
      return "int16";
    case ForeignKind::kInt32:
      return "int32";
    case ForeignKind::kInt64:
      return "int64";
    case ForeignKind::kUInt8:
      return "uint8";
    case ForeignKind::kUInt16:
      return "uint16";
    case ForeignKind::kUInt32:
      return "uint32";
    case ForeignKind::kUInt64:
      return "uint64";
    case ForeignKind::kFloat32:
      return "float32";
    case ForeignKind::kFloat64:
      return "float64";
    case ForeignKind::kTimestamp:
      return "timestamp";
    case ForeignKind::kDate32:
    case ForeignKind::kDate64:
      return "date";
    case ForeignKind::kOther:
      return column.other;
    default:
      return "string";
  }
}

}  // namespace headrace::record
