// What becomes of a bad record: a dead letter that says why, where it was, and what it was.
//
// A rejected record is a value, never an exception, and no other record is affected. The reasons
// are a closed table: one meaning a line, stable names, because users filter and alert on them.
//
// Thread contract: plain values.
// Cost: a Reject owns a copy of the original bytes (the source's memory goes away); only bad
//   records pay it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/record/record_batch.hpp>

namespace headrace::record {

enum class RejectReason : std::uint8_t {
  kInvalidJson,
  kUtf8,
  kDepth,
  kDuplicateKey,
  kNotObject,
  kEmpty,
  kTooLarge,
  kMissingField,
  kNull,
  kWrongType,
  kNumberRange,
  kNonFinite,
  kTimeFormat,
  kTimeRange,
  kColumns,
  kRule,
  kBroker,
  kDuplicate,
  kLate,
  kTimeUnit,
  kFuture,
  kGroups,
};

struct RejectInfo {
  RejectReason reason;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array<RejectInfo, 22> kRejectTable{{
    {RejectReason::kInvalidJson, "invalid_json", "the value is not well-formed JSON"},
    {RejectReason::kUtf8, "utf8", "the value is not valid UTF-8"},
    {RejectReason::kDepth, "depth", "nested deeper than 64 levels"},
    {RejectReason::kDuplicateKey, "duplicate_key", "an object names the same key twice"},
    {RejectReason::kNotObject, "not_object", "well-formed JSON, but not an object"},
    {RejectReason::kEmpty, "empty", "the value has no bytes"},
    {RejectReason::kTooLarge, "too_large", "the value is larger than the limit"},
    {RejectReason::kMissingField, "missing_field", "a required field is absent"},
    {RejectReason::kNull, "null", "a required field is null"},
    {RejectReason::kWrongType, "wrong_type", "a field holds another type than the schema's"},
    {RejectReason::kNumberRange, "number_range", "a number does not fit the column's type"},
    {RejectReason::kNonFinite, "non_finite", "NaN or an infinity"},
    {RejectReason::kTimeFormat, "time_format", "a timestamp in no accepted format"},
    {RejectReason::kTimeRange, "time_range", "a timestamp outside 1677-09-21 to 2262-04-11"},
    {RejectReason::kColumns, "columns", "a CSV row with another number of fields"},
    {RejectReason::kRule, "rule", "a validation rule is not true"},
    {RejectReason::kBroker, "broker", "the client could not deliver the record"},
    {RejectReason::kDuplicate, "duplicate", "a record with the same values came before"},
    {RejectReason::kLate, "late", "the event time is further behind the newest than the grace"},
    {RejectReason::kTimeUnit, "time_unit", "an event time that looks like another unit"},
    {RejectReason::kFuture, "future",
     "the event time is further ahead of the newest than max_skew"},
    {RejectReason::kGroups, "groups", "a new group where max_groups are there already"},
}};

[[nodiscard]] constexpr const RejectInfo& info(RejectReason reason) noexcept {
  return kRejectTable[static_cast<std::size_t>(reason)];
}

// What the value of a dead letter is.
enum class ValueForm : std::uint8_t {
  kOriginal,
  kRow,   // the decoded row as JSON: the original bytes are gone
  kNone,  // nothing: the client could not deliver it
};

// What a value was before it was cut.
struct Cut {
  std::size_t bytes = 0;
  std::uint32_t crc32c = 0;
};

struct Reject {
  RejectReason reason = RejectReason::kInvalidJson;
  std::string detail;  // in the user's words: field "Close": expected number, got "n/a"
  std::string field;   // column or rule concerned; empty where it is the whole record
  TaskId task;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;  // of the Kafka record; -1: none
  std::string key;                 // Kafka key bytes
  std::string value;               // original bytes (cut at the size cap)
  int attempt = 1;                 // more where the record was redriven and failed again
  std::optional<Cut> cut;          // where the value is only the beginning of it
  ValueForm form = ValueForm::kOriginal;
  // Of late and future: how far the event time was behind the newest; negative: ahead of it.
  std::optional<std::int64_t> behind_ns;
};

using Rejects = std::vector<Reject>;

// What a value of more than `cap` bytes is before it is cut there; none for others.
[[nodiscard]] std::optional<Cut> cut_at(std::string_view value, std::size_t cap);

// One line for a user: ohlcv[0]@18231 key=AAPL: field "Close": expected number, got "n/a"
// The key is escaped and cut at 40 bytes, and left out where there is none.
[[nodiscard]] std::string text_of(const Reject& reject, std::string_view topic);

}  // namespace headrace::record
