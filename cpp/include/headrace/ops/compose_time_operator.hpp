// Makes a timestamp of columns that hold its parts, as flight and weather files have them.
//
// The day is a date, or year, month and day; the time of day is what a clock shows, midnight where
// there is none (time_parts.hpp says how they may be written). Without a zone the result is what
// the parts say, as if they were UTC.
//
// A row whose parts make no time is rejected (time_format, time_range). One that lacks a part has
// null for a time; where the column is not nullable it is rejected (null).
//
// Thread contract: see operator.hpp.
// Cost: 10-30 ns a row from numbers, 20 ns more from text; a zone adds what time_zone.hpp says.
//
//   auto op = make_compose_time_operator({.schema = in, .name = "FlightDate", .at = 0,
//       .parts = {.year = "Year", .month = "Month", .day = "DayofMonth", .clock = "CRSDepTime"},
//       .zone = {}, .nullable = false, .event_time = true});
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <headrace/ops/operator.hpp>
#include <headrace/ops/time_zone.hpp>

namespace headrace::ops {

// Names of columns: a date, or all of year, month and day.
struct TimeParts {
  std::optional<std::string> date;
  std::optional<std::string> year;
  std::optional<std::string> month;
  std::optional<std::string> day;
  std::optional<std::string> clock;
};

struct ComposeTimeArgs {
  record::SchemaPtr schema;
  std::string name;    // takes the place of its namesake, e.g. of the date that it is made of
  std::size_t at = 0;  // else its place among the columns; at the end where there are fewer
  TimeParts parts;
  std::optional<TimeZone> zone;
  bool nullable = false;
  bool event_time = false;  // becomes the stream's
};

// An error where a column is unknown or of another type, or where the namesake is the key.
[[nodiscard]] base::Result<OperatorPtr> make_compose_time_operator(ComposeTimeArgs args);

}  // namespace headrace::ops
