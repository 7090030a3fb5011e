#include <headrace/decode/tombstone.hpp>

#include <simdjson.h>

#include <charconv>
#include <system_error>

#include <headrace/decode/field_writer.hpp>

namespace headrace::decode {
namespace {

using record::RejectReason;

Refusal write_key(const record::Field& field, std::size_t column, std::string_view key,
                  BatchBuilder& builder) {
  if (field.type == record::DType::kString) {
    if (!simdjson::validate_utf8(key.data(), key.size())) return RejectReason::kUtf8;
    builder.values<std::int32_t>(column)[builder.row()] = builder.intern(column, key);
    return std::nullopt;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
  if (error == std::errc::result_out_of_range) return RejectReason::kNumberRange;
  if (error != std::errc{} || end != key.data() + key.size()) return RejectReason::kWrongType;
  builder.values<std::int64_t>(column)[builder.row()] = number;
  return std::nullopt;
}

}  // namespace

std::optional<DecodeFailure> append_tombstone(std::string_view key, std::int64_t time,
                                              BatchBuilder& builder) {
  const record::Schema& schema = *builder.schema();
  for (std::size_t column = 0; column < schema.size(); ++column) {
    if (static_cast<int>(column) == schema.event_time_index()) {
      builder.values<std::int64_t>(column)[builder.row()] = time;
    } else if (static_cast<int>(column) != schema.key_index()) {
      builder.put_null(column);
    } else if (const Refusal bad = write_key(schema.fields()[column], column, key, builder)) {
      builder.abandon();
      DecodeFailure failure = explain(schema.fields()[column], *bad, key);
      failure.detail += " (the key of a tombstone)";
      return failure;
    }
  }
  builder.mark_deleted();
  return std::nullopt;
}

}  // namespace headrace::decode
