#include <headrace/ops/time_parts.hpp>

#include <chrono>
#include <cmath>
#include <string_view>

#include <headrace/decode/number.hpp>
#include <headrace/decode/timestamp.hpp>

namespace headrace::ops {
namespace {

using record::Column;
using record::DType;

constexpr std::int64_t kSecond = 1'000'000'000;

// Digits, zeros before them, and a fraction of zeros after them.
bool whole_of(std::string_view text, std::int64_t& out) noexcept {
  while (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') {
    text.remove_prefix(1);
  }
  return decode::parse_whole(text, out) == decode::NumberError::kNone;
}

std::string_view text_at(const Column& column, std::size_t row) noexcept {
  return column.dictionary->text(column.values<std::int32_t>()[row]);
}

std::int64_t floor_days(std::int64_t ns) noexcept {
  constexpr std::int64_t kDayNs = kDaySeconds * kSecond;
  return ns / kDayNs - (ns % kDayNs < 0 ? 1 : 0);
}

// H:MM, HH:MM or HH:MM:SS.
bool seconds_of(std::string_view text, std::int64_t& seconds) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon > 2) return false;
  const bool with_seconds = text.size() == colon + 6 && text[colon + 3] == ':';
  if (!with_seconds && text.size() != colon + 3) return false;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  if (!whole_of(text.substr(0, colon), hour) || !whole_of(text.substr(colon + 1, 2), minute) ||
      (with_seconds && !whole_of(text.substr(colon + 4), second))) {
    return false;
  }
  seconds = (hour * 60 + minute) * 60 + second;
  return hour >= 0 && minute >= 0 && minute < 60 && second >= 0 && second < 60 &&
         seconds <= kDaySeconds;
}

}  // namespace

bool whole_at(const Column& column, std::size_t row, std::int64_t& out) noexcept {
  switch (column.type) {
    case DType::kInt64:
      out = column.values<std::int64_t>()[row];
      return true;
    case DType::kFloat64: {
      constexpr double kMost = 1e15;  // beyond, not every whole number is a double
      const double value = column.values<double>()[row];
      if (!(std::abs(value) < kMost) || value != std::floor(value)) return false;
      out = static_cast<std::int64_t>(value);
      return true;
    }
    default:
      return whole_of(text_at(column, row), out);
  }
}

bool days_of(std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t& out) noexcept {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return false;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return false;
  out = std::chrono::sys_days{date}.time_since_epoch().count();
  return true;
}

bool date_at(const Column& column, std::size_t row, std::int64_t& days) noexcept {
  std::int64_t value = 0;
  if (column.type == DType::kTimestamp) {
    value = column.values<std::int64_t>()[row];
  } else if (column.type == DType::kInt64) {
    value = column.values<std::int64_t>()[row];
    return days_of(value / 10'000, value / 100 % 100, value % 100, days);
  } else if (decode::parse_iso8601(text_at(column, row), value) != decode::TimeError::kNone) {
    return false;
  }
  days = floor_days(value);
  return true;
}

bool clock_at(const Column& column, std::size_t row, std::int64_t& seconds) noexcept {
  if (column.type == DType::kString) {
    const std::string_view text = text_at(column, row);
    if (text.find(':') != std::string_view::npos) return seconds_of(text, seconds);
  }
  std::int64_t value = 0;
  if (!whole_at(column, row, value) || value < 0 || value > 2400 || value % 100 >= 60) return false;
  seconds = (value / 100 * 60 + value % 100) * 60;
  return true;
}

}  // namespace headrace::ops
