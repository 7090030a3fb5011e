#include <headrace/ops/window/slices.hpp>

#include <chrono>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include <headrace/ops/event_time.hpp>

namespace headrace::ops {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kDay = 86'400'000'000'000;
constexpr std::int64_t kWeek = 7 * kDay;
constexpr std::int64_t kMonday = 4 * kDay;  // 1970-01-05; 1970-01-01 was a Thursday

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b < 0 ? 1 : 0);
}
// From the multiple of b below a to a.
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) noexcept {
  return a % b + (a % b < 0 ? b : 0);
}
std::int64_t midnight(std::int64_t day) noexcept {
  std::int64_t ns = 0;
  if (!__builtin_mul_overflow(day, kDay, &ns)) return ns;
  return day < 0 ? kMin : kMax;
}

// Days since 1970 of the first day of a month, counted from January 1970.
std::int64_t first_of_month(std::int64_t month) {
  using namespace std::chrono;
  const std::int64_t year = 1970 + floor_div(month, 12);
  const auto of_year = static_cast<unsigned>(month - floor_div(month, 12) * 12) + 1;
  const sys_days date{std::chrono::year(static_cast<int>(year)) / std::chrono::month(of_year) / 1};
  return date.time_since_epoch().count();
}
std::int64_t month_of(std::int64_t day) {
  using namespace std::chrono;
  const year_month_day date{sys_days{days{day}}};
  return (std::int64_t{static_cast<int>(date.year())} - 1970) * 12 +
         static_cast<std::int64_t>(static_cast<unsigned>(date.month())) - 1;
}

base::Error bad(const std::string& what) { return base::invalid_argument("window: " + what); }

}  // namespace

base::Result<Slices> Slices::fixed(std::int64_t size, std::int64_t hop, std::int64_t offset) {
  if (size <= 0 || hop <= 0) return bad("expected a length of time above 0");
  if (hop > size) return bad("the hop is longer than the window: records between would be lost");
  if (size / hop > kMostWindows) {
    return bad(std::to_string(size / hop) + " windows over every instant are too many; at most " +
               std::to_string(kMostWindows));
  }
  Slices made;
  made.size_ = size;
  made.width_ = size;
  made.offset_ = offset + (hop % kWeek == 0 ? kMonday : 0);
  if (hop != size) {
    made.hop_ = hop;
    made.width_ = std::gcd(size, hop);
  }
  return made;
}

base::Result<Slices> Slices::calendar(CalendarUnit unit, std::int64_t count, TimeZone zone) {
  if (count < 1 || count > 10'000) {
    return bad("expected 1 to 10,000 units of the calendar, got " + std::to_string(count));
  }
  Slices made;
  made.kind_ = Kind::kCalendar;
  made.unit_ = unit;
  made.count_ = count;
  made.zone_ = std::move(zone);
  return made;
}

base::Result<Slices> Slices::hours(std::int64_t open, std::int64_t close, std::uint32_t weekdays,
                                   TimeZone zone) {
  if (open < 0 || open >= kDay || close < 0 || close > kDay || open == close) {
    return bad("expected opening and closing times of a day, and not the same");
  }
  if (weekdays == 0 || weekdays > 0x7F) return bad("expected at least one weekday");
  Slices made;
  made.kind_ = Kind::kHours;
  made.open_ = open;
  made.close_ = close > open ? close : close + kDay;
  made.weekdays_ = weekdays;
  made.zone_ = std::move(zone);
  return made;
}

Slices Slices::all() {
  Slices made;
  made.kind_ = Kind::kAll;
  return made;
}

std::optional<Slice> Slices::of(std::int64_t time) const {
  switch (kind_) {
    case Kind::kFixed: {
      const std::int64_t since = floor_mod(shifted(time, -offset_), width_);
      return Slice{.start = shifted(time, -since), .end = shifted(time, width_ - since)};
    }
    case Kind::kCalendar:
      return calendar_slice(day_of(time));
    case Kind::kHours: {
      // Hours over midnight belong to the day on which they began.
      const std::int64_t day = day_of(time);
      for (const std::int64_t d : {day, day - 1}) {
        const std::optional<Slice> slice = hours_of_day(d);
        if (slice && slice->holds(time)) return slice;
      }
      return std::nullopt;
    }
    case Kind::kAll:
      break;
  }
  return Slice{.start = kMin, .end = kMax};
}

Slice Slices::next(const Slice& slice) const {
  if (kind_ == Kind::kAll) return slice;
  if (kind_ == Kind::kFixed || kind_ == Kind::kCalendar) return *of(slice.end);
  std::int64_t day = day_of(slice.start) + 1;
  while (!hours_of_day(day)) ++day;
  return *hours_of_day(day);
}

// Windows start at multiples of the hop, so their ends are alike modulo the hop. The first one over
// a slice is the first that does not end before the slice does, the last one the last that does not
// begin behind its start. What would end after the end of time ends there.
std::int64_t Slices::first_overlapping_end(const Slice& slice) const noexcept {
  const std::int64_t past = floor_mod(slice.end % hop_ - (offset_ + size_) % hop_, hop_);
  return shifted(slice.end, past == 0 ? 0 : hop_ - past);
}

std::int64_t Slices::last_overlapping_end(const Slice& slice) const noexcept {
  const std::int64_t past = floor_mod(slice.start % hop_ - offset_ % hop_, hop_);
  return shifted(slice.start, size_ - past);
}

bool Slices::is_overlapping_part(const Slice& slice, std::int64_t end) const noexcept {
  const bool ends = end == kMax || floor_mod(end, hop_) == floor_mod(offset_ + size_, hop_);
  return ends && slice.start >= shifted(end, -size_);
}

std::int64_t Slices::window_start(std::int64_t end, const Slice& slice) const noexcept {
  return hop_ == 0 ? slice.start : shifted(end, -size_);
}

void Slices::describe(base::ByteWriter& writer) const {
  for (const std::int64_t value :
       {std::int64_t{static_cast<int>(kind_)}, size_, hop_, offset_,
        std::int64_t{static_cast<int>(unit_)}, count_, open_, close_, std::int64_t{weekdays_}}) {
    writer.put(value);
  }
  for (const TimeZone::Transition& transition : zone_.transitions()) {
    writer.put(transition.utc_seconds);
    writer.put(transition.offset_seconds);
  }
}

std::int64_t Slices::day_of(std::int64_t time) const noexcept {
  return floor_div(zone_.to_local(time), kDay);
}

Slice Slices::calendar_slice(std::int64_t day) const {
  std::int64_t first = 0;
  std::int64_t after = 0;
  if (unit_ == CalendarUnit::kDay || unit_ == CalendarUnit::kWeek) {
    const std::int64_t length = count_ * (unit_ == CalendarUnit::kWeek ? 7 : 1);
    const std::int64_t origin = unit_ == CalendarUnit::kWeek ? kMonday / kDay : 0;
    first = floor_div(day - origin, length) * length + origin;
    after = first + length;
  } else {
    const std::int64_t months = count_ * (unit_ == CalendarUnit::kYear ? 12 : 1);
    const std::int64_t month = floor_div(month_of(day), months) * months;
    first = first_of_month(month);
    after = first_of_month(month + months);
  }
  return {.start = zone_.to_utc(midnight(first)), .end = zone_.to_utc(midnight(after))};
}

std::optional<Slice> Slices::hours_of_day(std::int64_t day) const {
  const std::int64_t weekday = day - floor_div(day - 4, 7) * 7 - 4;  // 0: Monday
  if (((weekdays_ >> static_cast<unsigned>(weekday)) & 1U) == 0) return std::nullopt;
  return Slice{.start = zone_.to_utc(shifted(midnight(day), open_)),
               .end = zone_.to_utc(shifted(midnight(day), close_))};
}

}  // namespace headrace::ops
