#include <headrace/ops/time_zone.hpp>

#include <limits>
#include <string_view>

#include "catch.hpp"
#include "ops/zones.hpp"

using namespace headrace::test;
using headrace::ops::TimeZone;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

void both_ways(const TimeZone& zone, std::string_view utc, std::string_view local) {
  INFO(zone.name() << ": " << utc << " UTC is " << local);
  CHECK(zone.to_local(at(utc)) == at(local));
  CHECK(zone.to_utc(at(local)) == at(utc));
}

std::string refusal(std::vector<TimeZone::Transition> transitions) {
  const auto made = TimeZone::make("Mars/Olympus", std::move(transitions));
  REQUIRE_FALSE(made);
  return made.error().message;
}

}  // namespace

TEST_CASE("UTC is the zone of who names none") {
  both_ways(TimeZone(), "2024-03-10T02:30:00", "2024-03-10T02:30:00");
  CHECK(TimeZone().name() == "UTC");
}

TEST_CASE("summer and winter in three zones") {
  both_ways(new_york(), "2024-03-10T06:59:59.999999999", "2024-03-10T01:59:59.999999999");
  both_ways(new_york(), "2024-03-10T07:00:00", "2024-03-10T03:00:00");
  both_ways(new_york(), "2024-07-04T16:00:00", "2024-07-04T12:00:00");
  both_ways(new_york(), "2024-11-03T07:00:00", "2024-11-03T02:00:00");
  both_ways(berlin(), "2024-03-31T00:59:59.999999999", "2024-03-31T01:59:59.999999999");
  both_ways(berlin(), "2024-03-31T01:00:00", "2024-03-31T03:00:00");
  both_ways(berlin(), "2024-10-27T02:00:00", "2024-10-27T03:00:00");
  both_ways(sydney(), "2024-01-01T00:00:00", "2024-01-01T11:00:00");
  both_ways(sydney(), "2024-04-06T17:00:00", "2024-04-07T03:00:00");
  both_ways(sydney(), "2024-10-05T15:59:59", "2024-10-06T01:59:59");
  both_ways(sydney(), "2024-10-05T16:00:00", "2024-10-06T03:00:00");
}

TEST_CASE("a local time in the gap is shifted forward") {
  CHECK(new_york().to_utc(at("2024-03-10T02:30:00")) == at("2024-03-10T07:30:00"));  // 03:30 there
  CHECK(new_york().to_utc(at("2024-03-10T02:00:00")) == at("2024-03-10T07:00:00"));
  CHECK(berlin().to_utc(at("2024-03-31T02:59:59")) == at("2024-03-31T01:59:59"));
  CHECK(sydney().to_utc(at("2024-10-06T02:30:00")) == at("2024-10-05T16:30:00"));
}

TEST_CASE("of a local time that is shown twice it is the earlier") {
  CHECK(new_york().to_utc(at("2024-11-03T01:00:00")) == at("2024-11-03T05:00:00"));
  CHECK(new_york().to_utc(at("2024-11-03T01:59:59.5")) == at("2024-11-03T05:59:59.5"));
  CHECK(berlin().to_utc(at("2024-10-27T02:30:00")) == at("2024-10-27T00:30:00"));
  CHECK(sydney().to_utc(at("2024-04-07T02:30:00")) == at("2024-04-06T15:30:00"));
  // Both instants show it.
  CHECK(new_york().to_local(at("2024-11-03T05:30:00")) == at("2024-11-03T01:30:00"));
  CHECK(new_york().to_local(at("2024-11-03T06:30:00")) == at("2024-11-03T01:30:00"));
}

TEST_CASE("a whole day that a zone leaves out") {
  // Samoa went from UTC-10 to UTC+14 at the end of 29 December 2011.
  const TimeZone apia = zone("Pacific/Apia", {{kYear1900, -36'000}, {1'325'239'200, 50'400}});
  both_ways(apia, "2011-12-30T09:59:59", "2011-12-29T23:59:59");
  both_ways(apia, "2011-12-30T10:00:00", "2011-12-31T00:00:00");
  CHECK(apia.to_utc(at("2011-12-30T12:00:00")) == at("2011-12-30T22:00:00"));
}

TEST_CASE("the first offset holds before its transition, the last for ever") {
  both_ways(new_york(), "1850-01-01T05:00:00", "1850-01-01T00:00:00");
  both_ways(new_york(), "2200-07-01T05:00:00", "2200-07-01T00:00:00");
  CHECK(new_york().offset_seconds(at("2024-07-01")) == -14'400);
}

TEST_CASE("times stop at the ends of what nanoseconds can hold") {
  constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min() + 1;
  CHECK(berlin().to_local(kHighest) == kHighest);
  CHECK(berlin().to_utc(kLowest) == kLowest);
  CHECK(new_york().to_utc(kHighest - kSecond) == kHighest);
  CHECK(new_york().to_local(kLowest) == kLowest);
}

TEST_CASE("transitions that make no zone are refused") {
  CHECK(refusal({}) == "time zone \"Mars/Olympus\": expected at least one transition");
  CHECK(refusal({{5, 0}, {5, 3'600}}) ==
        "time zone \"Mars/Olympus\": transition at 5 s comes after one at 5 s; they must ascend");
  CHECK(refusal({{0, 200'000}}) ==
        "time zone \"Mars/Olympus\": offset of 200000 s is longer than a day and a half");
  CHECK(refusal({{std::numeric_limits<std::int64_t>::min(), 0}}).find("out of range") !=
        std::string::npos);
}

TEST_CASE("zones of the same name and transitions are equal") {
  CHECK(berlin() == berlin());
  CHECK_FALSE(berlin() == sydney());
}
