#include <headrace/ops/window/slices.hpp>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "ops/zones.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::CalendarUnit;
using ops::Slice;
using ops::Slices;
using ops::TimeZone;

namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kHour = 3'600'000'000'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::uint32_t kMondayToFriday = 0b001'1111;

Slices calendar(CalendarUnit unit, std::int64_t count = 1, TimeZone zone = {}) {
  return Slices::calendar(unit, count, std::move(zone)).value_or_throw();
}

// An instant is in the slice between two others, of which the first is part of it.
void check(const Slices& slices, std::string_view time, std::string_view start,
           std::string_view end) {
  INFO(time);
  const std::optional<Slice> slice = slices.of(at(time));
  REQUIRE(slice);
  CHECK(slice->start == at(start));
  CHECK(slice->end == at(end));
  CHECK(slices.of(slice->start) == slice);
  CHECK(slices.of(slice->end - 1) == slice);
  CHECK(slices.of(slice->end) != slice);
}

// Ends of the windows that hold a time, by their definition.
std::vector<std::int64_t> ends_by_definition(std::int64_t time, std::int64_t size, std::int64_t hop,
                                             std::int64_t offset) {
  std::vector<std::int64_t> ends;
  for (std::int64_t start = (time / hop - size / hop - 3) * hop + offset % hop; start <= time;
       start += hop) {
    if (time < start + size) ends.push_back(start + size);
  }
  return ends;
}

std::vector<std::int64_t> ends_of(const Slices& slices, const Slice& slice) {
  std::vector<std::int64_t> ends;
  for (std::int64_t end = slices.first_end(slice);; end += slices.hop()) {
    ends.push_back(end);
    if (end >= slices.last_end(slice)) return ends;
  }
}

}  // namespace

TEST_CASE("fixed slices begin at multiples of their length, before 1970 as well") {
  const Slices hours = Slices::fixed(kHour, kHour).value_or_throw();
  CHECK_FALSE(hours.overlapping());
  check(hours, "2024-03-10T02:30:00", "2024-03-10T02:00:00", "2024-03-10T03:00:00");
  check(hours, "1969-12-31T23:59:59", "1969-12-31T23:00:00", "1970-01-01T00:00:00");
  check(hours, "1969-12-31T23:00:00", "1969-12-31T23:00:00", "1970-01-01T00:00:00");
  const Slices later = Slices::fixed(kHour, kHour, kHour / 4).value_or_throw();
  check(later, "2024-01-01T00:10:00", "2023-12-31T23:15:00", "2024-01-01T00:15:00");
  const Slices week = Slices::fixed(7 * kDay, 7 * kDay).value_or_throw();
  check(week, "2024-03-10T12:00:00", "2024-03-04T00:00:00", "2024-03-11T00:00:00");  // Monday
}

TEST_CASE("the windows over a slice are those over each instant in it") {
  std::mt19937 random(17);
  for (int round = 0; round < 3'000; ++round) {
    const auto size = static_cast<std::int64_t>(2 + random() % 40);
    const auto hop = static_cast<std::int64_t>(1 + random() % static_cast<unsigned>(size));
    const auto offset = static_cast<std::int64_t>(random() % 30);
    const auto time = static_cast<std::int64_t>(random() % 400) - 200;
    INFO(size << " every " << hop << " from " << offset << ", at " << time);
    const Slices slices = Slices::fixed(size, hop, offset).value_or_throw();
    const Slice slice = *slices.of(time);
    REQUIRE(slice.holds(time));
    const std::vector<std::int64_t> expected = ends_by_definition(time, size, hop, offset);
    if (hop == size) {
      REQUIRE(expected == std::vector{slice.end});
      continue;
    }
    if (expected.empty()) continue;
    REQUIRE(ends_of(slices, slice) == expected);
    for (const std::int64_t end : expected) {
      REQUIRE(slices.window_start(end, slice) == end - size);
      REQUIRE(slices.is_part(slice, end));
      REQUIRE_FALSE(slices.is_part(slice, end + size));
      REQUIRE((hop == 1 || !slices.is_part(slice, end + 1)));  // no window ends there
    }
    REQUIRE(slices.next(slice).start == slice.end);
  }
}

TEST_CASE("slices at the ends of time are cut off there") {
  for (const Slices& slices : {Slices::fixed(kHour, kHour).value_or_throw(),
                               Slices::fixed(10 * kHour, 3 * kHour).value_or_throw(),
                               calendar(CalendarUnit::kMonth), Slices::all()}) {
    const Slice last = *slices.of(kMax);
    CHECK(last.start < kMax);
    CHECK(last.end == kMax);
    CHECK(slices.last_end(last) == kMax);
    const Slice first = *slices.of(kMin);
    CHECK(first.start <= kMin + 1);  // a zone's clock stops one before
    CHECK(first.end > kMin);
    CHECK(slices.first_end(first) >= first.end);
  }
}

TEST_CASE("days, weeks, months, quarters and years of UTC") {
  check(calendar(CalendarUnit::kDay), "2024-02-29T12:00:00", "2024-02-29T00:00:00",
        "2024-03-01T00:00:00");
  check(calendar(CalendarUnit::kWeek), "2024-03-10T23:59:59", "2024-03-04T00:00:00",
        "2024-03-11T00:00:00");
  check(calendar(CalendarUnit::kWeek), "1969-12-31T00:00:00", "1969-12-29T00:00:00",
        "1970-01-05T00:00:00");
  check(calendar(CalendarUnit::kMonth), "2024-02-29T12:00:00", "2024-02-01T00:00:00",
        "2024-03-01T00:00:00");
  check(calendar(CalendarUnit::kMonth), "1969-12-31T23:59:59", "1969-12-01T00:00:00",
        "1970-01-01T00:00:00");
  check(calendar(CalendarUnit::kMonth, 3), "2024-06-30T23:59:59", "2024-04-01T00:00:00",
        "2024-07-01T00:00:00");
  check(calendar(CalendarUnit::kYear), "1900-02-28T12:00:00", "1900-01-01T00:00:00",
        "1901-01-01T00:00:00");
  check(calendar(CalendarUnit::kYear, 10), "1999-12-31T23:59:59", "1990-01-01T00:00:00",
        "2000-01-01T00:00:00");
}

TEST_CASE("days and months of a zone follow its clock, in summer and winter") {
  const Slices days = calendar(CalendarUnit::kDay, 1, new_york());
  check(days, "2024-03-10T12:00:00", "2024-03-10T05:00:00", "2024-03-11T04:00:00");  // 23 hours
  check(days, "2024-11-03T12:00:00", "2024-11-03T04:00:00", "2024-11-04T05:00:00");  // 25 hours
  check(days, "2024-07-05T03:59:59", "2024-07-04T04:00:00", "2024-07-05T04:00:00");
  check(calendar(CalendarUnit::kDay, 1, berlin()), "2024-03-31T00:30:00", "2024-03-30T23:00:00",
        "2024-03-31T22:00:00");
  check(calendar(CalendarUnit::kMonth, 1, berlin()), "2024-10-31T22:59:59", "2024-09-30T22:00:00",
        "2024-10-31T23:00:00");
  check(calendar(CalendarUnit::kDay, 1, sydney()), "2024-04-06T16:00:00", "2024-04-06T13:00:00",
        "2024-04-07T14:00:00");
  check(calendar(CalendarUnit::kDay, 1, sydney()), "2024-10-06T00:00:00", "2024-10-05T14:00:00",
        "2024-10-06T13:00:00");
  check(calendar(CalendarUnit::kYear, 1, sydney()), "2024-12-31T12:59:59", "2023-12-31T13:00:00",
        "2024-12-31T13:00:00");
  check(calendar(CalendarUnit::kWeek, 1, new_york()), "2024-03-10T12:00:00", "2024-03-04T05:00:00",
        "2024-03-11T04:00:00");
}

TEST_CASE("trading hours are open on their days, and between them nothing is") {
  const auto hours = Slices::hours(9 * kHour + kHour / 2, 16 * kHour, kMondayToFriday, new_york())
                         .value_or_throw();
  check(hours, "2024-03-08T20:59:59", "2024-03-08T14:30:00", "2024-03-08T21:00:00");  // winter
  check(hours, "2024-03-11T13:30:00", "2024-03-11T13:30:00", "2024-03-11T20:00:00");  // summer
  CHECK_FALSE(hours.of(at("2024-03-08T21:00:00")));
  CHECK_FALSE(hours.of(at("2024-03-11T13:29:59")));
  CHECK_FALSE(hours.of(at("2024-03-09T16:00:00")));  // a Saturday
  CHECK(hours.next(*hours.of(at("2024-03-08T15:00:00"))) == hours.of(at("2024-03-11T15:00:00")));
}

TEST_CASE("hours over midnight belong to the day on which they open") {
  const auto hours =
      Slices::hours(18 * kHour, 17 * kHour, 0b100'1111, new_york()).value_or_throw();  // Sun-Thu
  check(hours, "2024-07-08T15:00:00", "2024-07-07T22:00:00", "2024-07-08T21:00:00");
  check(hours, "2024-07-12T03:00:00", "2024-07-11T22:00:00", "2024-07-12T21:00:00");
  CHECK_FALSE(hours.of(at("2024-07-08T21:30:00")));  // an hour of rest
  CHECK_FALSE(hours.of(at("2024-07-13T12:00:00")));
  const auto night = Slices::hours(22 * kHour, 0, 0x7F, TimeZone()).value_or_throw();
  check(night, "2024-07-08T23:00:00", "2024-07-08T22:00:00", "2024-07-09T00:00:00");
  const auto change = Slices::hours(22 * kHour, 6 * kHour, 0x7F, berlin()).value_or_throw();
  check(change, "2024-03-31T01:30:00", "2024-03-30T21:00:00", "2024-03-31T04:00:00");  // 7 hours
  check(change, "2024-10-27T02:30:00", "2024-10-26T20:00:00", "2024-10-27T05:00:00");  // 9 hours
}

TEST_CASE("arguments that make no windows are refused in words") {
  const auto words = [](const auto& made) {
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  CHECK(words(Slices::fixed(0, 1)) == "window: expected a length of time above 0");
  CHECK(words(Slices::fixed(1, 2)) ==
        "window: the hop is longer than the window: records between would be lost");
  CHECK(words(Slices::fixed(5'000, 1)) ==
        "window: 5000 windows over every instant are too many; at most 1000");
  CHECK(words(Slices::calendar(CalendarUnit::kDay, 0, TimeZone())) ==
        "window: expected 1 to 10,000 units of the calendar, got 0");
  CHECK(words(Slices::hours(5, 5, 1, TimeZone())) ==
        "window: expected opening and closing times of a day, and not the same");
  CHECK(words(Slices::hours(5, 6, 0, TimeZone())) == "window: expected at least one weekday");
}
