// Parts of a time as columns hold them: whole numbers, dates, times of day.
//
// Whole numbers may be int64, floats without a fraction, or text with leading zeros ("0005"). A
// date is a timestamp, whose time of day is left out, ISO 8601 text, or a number 20150131. A time
// of day is what a clock shows: 1745 or 17:45 is a quarter to six in the evening, 5 is five past
// midnight, 2400 the end of the day.
//
// Thread contract: pure functions.
// Cost: 2-5 ns from numbers, 10-30 ns from text.
//
//   std::int64_t seconds = 0;
//   if (!clock_at(column, row, seconds)) reject(row);
#pragma once

#include <cstddef>
#include <cstdint>

#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

inline constexpr std::int64_t kDaySeconds = 86'400;

// Each reads the value of a row that is not null, and is false where it is none; then the output
// is anything.
[[nodiscard]] bool whole_at(const record::Column& column, std::size_t row,
                            std::int64_t& out) noexcept;
// Days since 1970.
[[nodiscard]] bool date_at(const record::Column& column, std::size_t row,
                           std::int64_t& days) noexcept;
// Seconds since midnight, to kDaySeconds.
[[nodiscard]] bool clock_at(const record::Column& column, std::size_t row,
                            std::int64_t& seconds) noexcept;

// Days since 1970 of a date of the years 1 to 9999; false where there is no such day.
[[nodiscard]] bool days_of(std::int64_t year, std::int64_t month, std::int64_t day,
                           std::int64_t& out) noexcept;

}  // namespace headrace::ops
