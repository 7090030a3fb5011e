#include <headrace/record/column_cast.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

namespace headrace::record {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;  // first double beyond int64

bool is_text(ForeignKind kind) noexcept {
  return kind == ForeignKind::kUtf8 || kind == ForeignKind::kLargeUtf8 ||
         kind == ForeignKind::kUtf8View || kind == ForeignKind::kCodes;
}
bool is_number(ForeignKind kind) noexcept {
  return visit_number(kind, []<class T>() {});
}
bool is_time(ForeignKind kind) noexcept {
  return kind == ForeignKind::kTimestamp || kind == ForeignKind::kDate32 ||
         kind == ForeignKind::kDate64;
}
bool may_be_null(const ForeignColumn& column) noexcept {
  return column.kind == ForeignKind::kNull || column.kind == ForeignKind::kCodes ||
         column.kind == ForeignKind::kTimestamp || column.null_bytes != nullptr ||
         column.valid_bits != nullptr;
}

// What casting one column of one chunk needs at hand.
struct Cast {
  const Field& field;
  std::size_t field_index;
  const ForeignColumn& in;
  std::size_t first;
  std::size_t n;
  Column& out;
  RowMarks& marks;
  std::vector<std::uint8_t> nulls;  // one byte a row; empty: none

  [[nodiscard]] bool null(std::size_t i) const noexcept { return !nulls.empty() && nulls[i] != 0; }
  void make_null(std::size_t i) {
    if (nulls.empty()) nulls.resize(n);
    nulls[i] = 1;
  }
  void reject(std::size_t i, RejectReason reason) const { marks.set(i, field_index, reason); }
};

void find_nulls(Cast& cast) {
  if (!may_be_null(cast.in)) return;
  for (std::size_t i = 0; i < cast.n; ++i) {
    if (is_null(cast.in, cast.first + i)) cast.make_null(i);
  }
}

void write_null(Column& column, std::size_t i) {
  switch (column.type) {
    case DType::kFloat64:
      column.mutable_values<double>()[i] = std::numeric_limits<double>::quiet_NaN();
      break;
    case DType::kBool:
      column.mutable_values<std::uint8_t>()[i] = 0;
      break;
    case DType::kString:
      column.mutable_values<std::int32_t>()[i] = -1;
      break;
    default:
      column.mutable_values<std::int64_t>()[i] = 0;
  }
}

void settle_nulls(Cast& cast) {
  if (cast.nulls.empty()) return;
  for (std::size_t i = 0; i < cast.n; ++i) {
    if (cast.nulls[i] == 0) continue;
    write_null(cast.out, i);
    if (cast.field.nullable) {
      cast.out.set_null(i, cast.n);
    } else {
      cast.reject(i, RejectReason::kNull);
    }
  }
}

void to_float64(Cast& cast) {
  auto* out = cast.out.mutable_values<double>();
  visit_number(cast.in.kind, [&]<class T>() {
    const T* in = values_at<T>(cast.in, cast.first);
    for (std::size_t i = 0; i < cast.n; ++i) out[i] = static_cast<double>(in[i]);
    if constexpr (std::is_floating_point_v<T>) {
      for (std::size_t i = 0; i < cast.n; ++i) {
        if (std::isfinite(out[i])) continue;
        if (std::isnan(out[i])) {
          cast.make_null(i);
        } else if (!cast.null(i)) {
          cast.reject(i, RejectReason::kNonFinite);
        }
      }
    }
  });
}

// A whole double as int64, or why not.
std::optional<RejectReason> whole(double x, std::int64_t& out) noexcept {
  if (std::isinf(x)) return RejectReason::kNonFinite;
  if (x != std::trunc(x)) return RejectReason::kWrongType;
  if (x < -kTwo63 || x >= kTwo63) return RejectReason::kNumberRange;
  out = static_cast<std::int64_t>(x);
  return std::nullopt;
}

// Row i's number as int64, into `out`. Marks the row, or makes it null, where it can't be.
template <class T>
void to_whole(Cast& cast, std::size_t i, T x, std::int64_t& out) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(x)) {
      cast.make_null(i);
    } else if (const auto reason = whole(static_cast<double>(x), out); reason && !cast.null(i)) {
      cast.reject(i, *reason);
    }
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    out = static_cast<std::int64_t>(x);
    if (out < 0 && !cast.null(i)) cast.reject(i, RejectReason::kNumberRange);
  } else {
    out = static_cast<std::int64_t>(x);
  }
}

void to_int64(Cast& cast) {
  auto* out = cast.out.mutable_values<std::int64_t>();
  visit_number(cast.in.kind, [&]<class T>() {
    const T* in = values_at<T>(cast.in, cast.first);
    for (std::size_t i = 0; i < cast.n; ++i) to_whole(cast, i, in[i], out[i]);
  });
}

void to_bool(Cast& cast) {
  auto* out = cast.out.mutable_values<std::uint8_t>();
  if (cast.in.kind == ForeignKind::kBool) {
    const auto* in = values_at<std::uint8_t>(cast.in, cast.first);
    for (std::size_t i = 0; i < cast.n; ++i) out[i] = in[i] != 0 ? 1 : 0;
    return;
  }
  const auto* bits = static_cast<const std::uint8_t*>(cast.in.data);
  for (std::size_t i = 0; i < cast.n; ++i) {
    const std::size_t at = cast.in.offset + cast.first + i;
    out[i] = static_cast<std::uint8_t>((bits[at >> 3U] >> (at & 7U)) & 1U);
  }
}

void to_string(Cast& cast, Dictionary& words) {
  auto* out = cast.out.mutable_values<std::int32_t>();
  if (cast.in.kind != ForeignKind::kCodes) {
    for (std::size_t i = 0; i < cast.n; ++i) {
      if (!cast.null(i)) out[i] = words.intern(text_at(cast.in, cast.first + i));
    }
    return;
  }
  constexpr std::int32_t kUnknown = -2;
  std::vector<std::int32_t> code_of(cast.in.words->size(), kUnknown);
  for (std::size_t i = 0; i < cast.n; ++i) {
    if (cast.null(i)) continue;
    const auto code = static_cast<std::size_t>(code_at(cast.in, cast.first + i));
    if (code_of[code] == kUnknown) code_of[code] = words.intern((*cast.in.words)[code]);
    out[i] = code_of[code];
  }
}

void scale_time(Cast& cast, std::size_t i, std::int64_t count, std::int64_t scale) {
  std::int64_t& out = cast.out.mutable_values<std::int64_t>()[i];
  // The lowest value is "not a time" to pandas and NumPy.
  if (__builtin_mul_overflow(count, scale, &out) ||
      out == std::numeric_limits<std::int64_t>::min()) {
    out = 0;
    if (!cast.null(i)) cast.reject(i, RejectReason::kTimeRange);
  }
}

template <class T>
void scale_times(Cast& cast, std::int64_t scale) {
  const T* in = values_at<T>(cast.in, cast.first);
  for (std::size_t i = 0; i < cast.n; ++i) scale_time(cast, i, in[i], scale);
}

void time_from_numbers(Cast& cast) {
  const std::int64_t scale = nanoseconds_in(cast.field.unit);
  visit_number(cast.in.kind, [&]<class T>() {
    const T* in = values_at<T>(cast.in, cast.first);
    for (std::size_t i = 0; i < cast.n; ++i) {
      std::int64_t count = 0;
      to_whole(cast, i, in[i], count);
      scale_time(cast, i, count, scale);
    }
  });
}

void time_from_text(Cast& cast, const TimeParser& parse) {
  auto* out = cast.out.mutable_values<std::int64_t>();
  for (std::size_t i = 0; i < cast.n; ++i) {
    if (cast.null(i)) continue;
    if (const auto reason = parse(text_at(cast.in, cast.first + i), out[i])) {
      out[i] = 0;
      cast.reject(i, *reason);
    }
  }
}

void to_timestamp(Cast& cast, const TimeParser& parse) {
  constexpr std::int64_t kDay = 86'400'000'000'000;
  switch (cast.in.kind) {
    case ForeignKind::kTimestamp:
      return scale_times<std::int64_t>(cast, nanoseconds_in(cast.in.unit));
    case ForeignKind::kDate32:
      return scale_times<std::int32_t>(cast, kDay);
    case ForeignKind::kDate64:
      return scale_times<std::int64_t>(cast, nanoseconds_in(TimeUnit::kMillisecond));
    default:
      return is_text(cast.in.kind) ? time_from_text(cast, parse) : time_from_numbers(cast);
  }
}

bool fits(const Field& field, ForeignKind kind, bool has_parser) noexcept {
  if (kind == ForeignKind::kNull) return true;
  switch (field.type) {
    case DType::kFloat64:
    case DType::kInt64:
      return is_number(kind);
    case DType::kBool:
      return kind == ForeignKind::kBool || kind == ForeignKind::kBits;
    case DType::kString:
      return is_text(kind);
    case DType::kTimestamp:
      return is_time(kind) || (is_text(kind) && has_parser) ||
             (is_number(kind) && field.unit != TimeUnit::kAuto);
  }
  return false;
}

}  // namespace

base::Status check_cast(const Field& field, const ForeignColumn& column, bool has_parser) {
  if (fits(field, column.kind, has_parser)) return {};
  std::string message = "column \"" + field.name + "\": expected " +
                        std::string(name_of(field.type)) + ", got " + type_name(column);
  if (field.type == DType::kTimestamp && is_number(column.kind)) {
    message += " without a unit: say what it counts (s, ms, us or ns) in the schema";
  }
  return base::Error{.code = base::ErrorCode::kTypeMismatch, .message = std::move(message)};
}

Column null_column(DType type, std::size_t n, const DictionaryPtr& words) {
  Column column = Column::make(type, n);
  column.dictionary = words;
  column.validity = Buffer::allocate_zeroed((n + 7) / 8);
  for (std::size_t i = 0; i < n; ++i) write_null(column, i);
  return column;
}

Column cast(const Field& field, std::size_t field_index, const ForeignColumn& column,
            std::size_t first, std::size_t n, const DictionaryPtr& words,
            const TimeParser& parse_time, RowMarks& marks) {
  Column out = Column::make(field.type, n);
  Cast cast{.field = field,
            .field_index = field_index,
            .in = column,
            .first = first,
            .n = n,
            .out = out,
            .marks = marks,
            .nulls = {}};
  find_nulls(cast);
  if (column.kind != ForeignKind::kNull) {
    switch (field.type) {
      case DType::kFloat64:
        to_float64(cast);
        break;
      case DType::kInt64:
        to_int64(cast);
        break;
      case DType::kBool:
        to_bool(cast);
        break;
      case DType::kString:
        to_string(cast, *words);
        break;
      case DType::kTimestamp:
        to_timestamp(cast, parse_time);
        break;
    }
  }
  settle_nulls(cast);
  if (field.type == DType::kString) out.dictionary = words;
  return out;
}

}  // namespace headrace::record
