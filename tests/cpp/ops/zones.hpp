// Instants as text, and the zones that the tests of local time are about.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <headrace/decode/timestamp.hpp>
#include <headrace/ops/time_zone.hpp>

#include "catch.hpp"

namespace headrace::test {

inline constexpr std::int64_t kYear1900 = -2'208'988'800;

inline std::int64_t at(std::string_view text) {
  std::int64_t ns = 0;
  INFO(text);
  REQUIRE(decode::parse_iso8601(text, ns) == decode::TimeError::kNone);
  return ns;
}

inline ops::TimeZone zone(std::string name, std::vector<ops::TimeZone::Transition> transitions) {
  return ops::TimeZone::make(std::move(name), std::move(transitions)).value_or_throw();
}

// Of the year 2024, as the IANA database has it.
inline ops::TimeZone new_york() {
  return zone("America/New_York",
              {{kYear1900, -18'000}, {1'710'054'000, -14'400}, {1'730'613'600, -18'000}});
}
inline ops::TimeZone berlin() {
  return zone("Europe/Berlin",
              {{kYear1900, 3'600}, {1'711'846'800, 7'200}, {1'729'990'800, 3'600}});
}
inline ops::TimeZone sydney() {
  return zone("Australia/Sydney",
              {{kYear1900, 39'600}, {1'712'419'200, 36'000}, {1'728'144'000, 39'600}});
}

}  // namespace headrace::test
