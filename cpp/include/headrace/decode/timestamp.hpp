// Timestamps of messages: ISO 8601 text or a number of an epoch, to nanoseconds since 1970 (UTC).
//
// Text is a date `YYYY-MM-DD`, or a date, `T` or a space, and a time `HH:MM[:SS[.f]]` with one to
// nine digits of fraction, then nothing (UTC), `Z`, `±hh:mm`, `±hhmm` or `±hh`. No lower-case `t`
// and `z`, no week dates, no 24:00, no leap second: Unix time has no place for it.
// Numbers are exact decimals, never doubles on the way; what is finer than a nanosecond is cut
// towards the past. The range is what an int64 holds without its lowest value, which pandas and
// NumPy read as "not a time": 1677-09-21T00:12:43.145224193Z to 2262-04-11T23:47:16.854775807Z.
//
// Thread contract: pure functions.
// Cost: 20-30 ns.
//
//   std::int64_t ns = 0;
//   if (parse_iso8601("2024-01-02T09:30:00Z", ns) == TimeError::kNone) use(ns);
#pragma once

#include <cstdint>
#include <string_view>

#include <headrace/record/schema.hpp>

namespace headrace::decode {

// Event times before are looked at twice: see likelier_unit.
inline constexpr std::int64_t kYear1971 = 31'536'000'000'000'000;

enum class TimeError : std::uint8_t { kNone, kFormat, kRange };

// The output is left alone on an error.
[[nodiscard]] TimeError parse_iso8601(std::string_view text, std::int64_t& ns) noexcept;
// `text` is a JSON number that counts `unit` (not kAuto) since the epoch.
[[nodiscard]] TimeError parse_epoch(std::string_view text, record::TimeUnit unit,
                                    std::int64_t& ns) noexcept;

// The unit that makes sense of a number which does not in `unit`: one that lands before 1971, or
// after what we can hold, and between 1990 and 2100 in a coarser or a finer unit. kAuto: none does.
[[nodiscard]] record::TimeUnit likelier_unit(std::string_view text, record::TimeUnit unit) noexcept;

}  // namespace headrace::decode
