// One value of a column as text for a message: 1.5, "AAPL", 2024-01-02T09:30:00Z, null.
//
// Thread contract: pure functions.
// Cost: an allocation or two; for rejected rows and errors, never for every row.
//
//   value_text(batch.column(3), row)   // 187.15
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <headrace/record/record_batch.hpp>

namespace headrace::record {

// Longer strings are cut at a character's border and end in "...".
inline constexpr std::size_t kMaxValueText = 100;

// Doubles are the shortest text that reads back as the same value.
[[nodiscard]] std::string value_text(const Column& column, std::size_t row);
// ISO 8601 in UTC, with as many digits of the second as the value has (none, 3, 6 or 9).
[[nodiscard]] std::string timestamp_text(std::int64_t ns);
// A length of time in days, hours, minutes and seconds: 2m10s, 1.5s, 250ms, 0s.
[[nodiscard]] std::string duration_text(std::uint64_t ns);

}  // namespace headrace::record
