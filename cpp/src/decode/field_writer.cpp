#include <headrace/decode/field_writer.hpp>

#include <headrace/decode/json_text.hpp>
#include <headrace/decode/number.hpp>
#include <headrace/decode/timestamp.hpp>

namespace headrace::decode {
namespace {

using record::DType;
using record::Field;
using record::RejectReason;
using record::TimeUnit;

Refusal refusal_of(NumberError error) noexcept {
  switch (error) {
    case NumberError::kNone:
      return std::nullopt;
    case NumberError::kRange:
      return RejectReason::kNumberRange;
    default:
      return RejectReason::kWrongType;
  }
}

Refusal refusal_of(TimeError error) noexcept {
  switch (error) {
    case TimeError::kNone:
      return std::nullopt;
    case TimeError::kRange:
      return RejectReason::kTimeRange;
    default:
      return RejectReason::kTimeFormat;
  }
}

std::string_view expectation(const Field& field) noexcept {
  if (field.is_list()) return "list";
  switch (field.type) {
    case DType::kBool:
      return "true or false";
    case DType::kInt64:
      return "integer";
    case DType::kFloat64:
      return "number";
    case DType::kString:
      return "string";
    case DType::kTimestamp:
      break;
  }
  switch (field.unit) {
    case TimeUnit::kAuto:
      return "ISO 8601 timestamp";
    case TimeUnit::kSecond:
      return "ISO 8601 timestamp or seconds since 1970";
    case TimeUnit::kMillisecond:
      return "ISO 8601 timestamp or milliseconds since 1970";
    case TimeUnit::kMicrosecond:
      return "ISO 8601 timestamp or microseconds since 1970";
    case TimeUnit::kNanosecond:
      break;
  }
  return "ISO 8601 timestamp or nanoseconds since 1970";
}

// An event time in another unit than the column's would be decades away, and everything that is
// ordered by it with it: such a one is refused, whatever came before.
Refusal write_epoch(const Field& field, std::size_t column, std::string_view token,
                    BatchBuilder& builder) {
  if (field.unit == TimeUnit::kAuto) return RejectReason::kWrongType;
  std::int64_t& ns = builder.values<std::int64_t>(column)[builder.row()];
  const TimeError error = parse_epoch(token, field.unit, ns);
  if (error == TimeError::kNone && ns >= kYear1971) [[likely]]
    return std::nullopt;
  if (static_cast<int>(column) == builder.schema()->event_time_index() &&
      likelier_unit(token, field.unit) != TimeUnit::kAuto) {
    return RejectReason::kTimeUnit;
  }
  return refusal_of(error);
}

std::string_view short_name(TimeUnit unit) noexcept {
  switch (unit) {
    case TimeUnit::kSecond:
      return "s";
    case TimeUnit::kMillisecond:
      return "ms";
    case TimeUnit::kMicrosecond:
      return "us";
    default:
      return "ns";
  }
}

}  // namespace

void RowTexts::clear() noexcept {
  pieces_.clear();
  bytes_.clear();
}

void RowTexts::add(std::size_t column, std::string_view text) {
  pieces_.push_back({.column = column, .begin = bytes_.size(), .size = text.size()});
  bytes_.append(text);
}

void RowTexts::intern(BatchBuilder& builder) const {
  for (const Piece& piece : pieces_) {
    const std::string_view text(bytes_.data() + piece.begin, piece.size);
    builder.values<std::int32_t>(piece.column)[builder.row()] = builder.intern(piece.column, text);
  }
}

Refusal write_null(const Field& field, std::size_t column, BatchBuilder& builder) {
  if (!field.nullable) return RejectReason::kNull;
  builder.put_null(column);
  return std::nullopt;
}

Refusal write_bool(const Field& field, std::size_t column, bool value, BatchBuilder& builder) {
  if (field.type != DType::kBool) return RejectReason::kWrongType;
  builder.values<std::uint8_t>(column)[builder.row()] = value ? 1 : 0;
  return std::nullopt;
}

Refusal write_number(const Field& field, std::size_t column, std::string_view token,
                     BatchBuilder& builder) {
  switch (field.type) {
    case DType::kInt64:
      return refusal_of(parse_int64(token, builder.values<std::int64_t>(column)[builder.row()]));
    case DType::kFloat64:
      return refusal_of(parse_float64(token, builder.values<double>(column)[builder.row()]));
    case DType::kTimestamp:
      return write_epoch(field, column, token, builder);
    default:
      return RejectReason::kWrongType;
  }
}

Refusal write_whole(const Field& field, std::size_t column, std::string_view token,
                    BatchBuilder& builder) {
  if (field.type != DType::kInt64) return write_number(field, column, token, builder);
  std::int64_t& out = builder.values<std::int64_t>(column)[builder.row()];
  const NumberError error = parse_int64(token, out);
  return refusal_of(error == NumberError::kNotInteger ? parse_whole(token, out) : error);
}

Refusal write_text(const Field& field, std::size_t column, std::string_view text,
                   BatchBuilder& builder, RowTexts& texts) {
  switch (field.type) {
    case DType::kString:
      if (field.is_list()) return RejectReason::kWrongType;
      texts.add(column, text);
      return std::nullopt;
    case DType::kTimestamp:
      return refusal_of(parse_iso8601(text, builder.values<std::int64_t>(column)[builder.row()]));
    default:
      return RejectReason::kWrongType;
  }
}

DecodeFailure explain(const Field& field, RejectReason reason, std::string_view got) {
  const std::string value = excerpt(got);
  std::string detail = "field \"" + field.name + "\": ";
  switch (reason) {
    case RejectReason::kMissingField:
      detail += "missing";
      break;
    case RejectReason::kNull:
      detail += "null, but the column is not nullable";
      break;
    case RejectReason::kNumberRange:
      detail += value + " does not fit " + std::string(record::name_of(field.type));
      break;
    case RejectReason::kNonFinite:
      detail += value + " is not a finite number";
      break;
    case RejectReason::kTimeUnit:
      detail += value + " looks like " + std::string(short_name(likelier_unit(got, field.unit))) +
                ", the column is " + std::string(short_name(field.unit));
      break;
    case RejectReason::kTimeRange:
      detail += value + " is outside 1677-09-21 to 2262-04-11";
      break;
    default:
      detail += "expected " + std::string(expectation(field)) + ", got " + value;
      break;
  }
  return {.reason = reason, .field = field.name, .detail = std::move(detail)};
}

}  // namespace headrace::decode
