// A column of someone else's memory: an Arrow array or a NumPy array, read where it lies.
//
// One description for both, so that a DataFrame, a PyArrow table and a Polars frame take one
// casting path (record/column_cast.hpp) and give the same bits.
//
// Thread contract: reading only; the owner behind `keep_alive` must not change the memory
// meanwhile.
//   The last reference to keep_alive may be dropped on any thread.
// Cost: a description, no copy.
// Lifetime: everything pointed at is valid while keep_alive is held.
//
//   ForeignColumn c{.name = "Close", .kind = ForeignKind::kFloat64, .data = array, .keep_alive =
//   o}; if (!is_null(c, row)) use(value_at(c, row));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <headrace/record/schema.hpp>

namespace headrace::record {

enum class ForeignKind : std::uint8_t {
  kNull,  // no values at all
  kBool,  // one byte a value
  kBits,  // one bit a value, least significant first
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kFloat32,
  kFloat64,
  kTimestamp,  // int64 counts of `unit` since the epoch, UTC; the lowest int64 is NumPy's NaT
  kDate32,     // int32 days since the epoch
  kDate64,     // int64 milliseconds since the epoch
  kUtf8,       // data: int32 offsets into text
  kLargeUtf8,  // data: int64 offsets into text
  kUtf8View,   // data: 16-byte views, long ones into text_buffers
  kCodes,      // data: integers of code_kind, indices into words; outside: null
  kOther,      // anything else; type_name says what
};

struct ForeignColumn {
  std::string name;  // fields of an Arrow struct: "quote.close"
  ForeignKind kind = ForeignKind::kNull;
  TimeUnit unit = TimeUnit::kNanosecond;        // kTimestamp
  ForeignKind code_kind = ForeignKind::kInt32;  // kCodes
  const void* data = nullptr;
  const char* text = nullptr;                                  // kUtf8, kLargeUtf8
  const void* const* text_buffers = nullptr;                   // kUtf8View
  std::shared_ptr<const std::vector<std::string_view>> words;  // kCodes; no data(): a null word
  const std::uint8_t* null_bytes = nullptr;  // not 0: null; indexed like data, without offset
  const std::uint8_t* valid_bits = nullptr;  // Arrow: set = present
  std::size_t offset = 0;                    // of row 0 in data and valid_bits
  std::string other;                         // kOther: the type, for messages
  std::shared_ptr<const void> keep_alive;
};

struct ForeignTable {
  std::size_t rows = 0;
  std::vector<ForeignColumn> columns;
};

// A timestamp is its nanoseconds; where those don't fit, or the kind is kOther, there is nothing.
struct ForeignTime {
  std::int64_t ns = 0;
};
using ForeignValue = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                                  ForeignTime, std::string_view>;

[[nodiscard]] bool is_null(const ForeignColumn& column, std::size_t row) noexcept;
// Text kinds and kCodes only. Borrowed: valid while keep_alive is held.
[[nodiscard]] std::string_view text_at(const ForeignColumn& column, std::size_t row) noexcept;
// Index into words. kCodes only.
[[nodiscard]] std::int64_t code_at(const ForeignColumn& column, std::size_t row) noexcept;
// Not for inner loops.
[[nodiscard]] ForeignValue value_at(const ForeignColumn& column, std::size_t row);
[[nodiscard]] std::string type_name(const ForeignColumn& column);  // "int32", "timestamp[us]" ...

// The typed start of a column's values at `row`; for kinds that have one.
template <class T>
[[nodiscard]] const T* values_at(const ForeignColumn& column, std::size_t row) noexcept {
  return static_cast<const T*>(column.data) + column.offset + row;
}

// Calls `f.template operator()<T>()` with the C++ type of a number's kind; false for other kinds.
template <class F>
bool visit_number(ForeignKind kind, F&& f) {
  switch (kind) {
    case ForeignKind::kInt8:
      f.template operator()<std::int8_t>();
      return true;
    case ForeignKind::kInt16:
      f.template operator()<std::int16_t>();
      return true;
    case ForeignKind::kInt32:
      f.template operator()<std::int32_t>();
      return true;
    case ForeignKind::kInt64:
      f.template operator()<std::int64_t>();
      return true;
    case ForeignKind::kUInt8:
      f.template operator()<std::uint8_t>();
      return true;
    case ForeignKind::kUInt16:
      f.template operator()<std::uint16_t>();
      return true;
    case ForeignKind::kUInt32:
      f.template operator()<std::uint32_t>();
      return true;
    case ForeignKind::kUInt64:
      f.template operator()<std::uint64_t>();
      return true;
    case ForeignKind::kFloat32:
      f.template operator()<float>();
      return true;
    case ForeignKind::kFloat64:
      f.template operator()<double>();
      return true;
    default:
      return false;
  }
}

// Nanoseconds in one count of a unit; 0 for kAuto.
[[nodiscard]] constexpr std::int64_t nanoseconds_in(TimeUnit unit) noexcept {
  switch (unit) {
    case TimeUnit::kSecond:
      return 1'000'000'000;
    case TimeUnit::kMillisecond:
      return 1'000'000;
    case TimeUnit::kMicrosecond:
      return 1'000;
    case TimeUnit::kNanosecond:
      return 1;
    case TimeUnit::kAuto:
      break;
  }
  return 0;
}

}  // namespace headrace::record
