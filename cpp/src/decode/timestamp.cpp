#include <headrace/decode/timestamp.hpp>

#include <chrono>
#include <limits>

#include <headrace/decode/number.hpp>

namespace headrace::decode {
namespace {

__extension__ using Wide = __int128;  // seconds of year 9999 in nanoseconds do not fit 64 bits

constexpr std::int64_t kSecond = 1'000'000'000;

// Reads fixed fields from the left; every step reports whether the text went on as it must.
class Fields {
 public:
  explicit Fields(std::string_view text) noexcept : at_(text.data()), end_(at_ + text.size()) {}

  [[nodiscard]] bool done() const noexcept { return at_ == end_; }
  [[nodiscard]] bool take(char expected) noexcept {
    if (done() || *at_ != expected) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool number(int width, unsigned& out) noexcept {
    if (end_ - at_ < width) return false;
    unsigned value = 0;
    for (const char* last = at_ + width; at_ != last; ++at_) {
      if (!digit()) return false;
      value = value * 10 + static_cast<unsigned>(*at_ - '0');
    }
    out = value;
    return true;
  }
  // One to nine digits as nanoseconds.
  [[nodiscard]] bool fraction(std::int64_t& ns) noexcept {
    std::int64_t scale = kSecond;
    std::int64_t value = 0;
    while (!done() && digit()) {
      if (scale == 1) return false;
      scale /= 10;
      value += scale * (*at_++ - '0');
    }
    ns = value;
    return scale != kSecond;
  }

 private:
  [[nodiscard]] bool digit() const noexcept { return *at_ >= '0' && *at_ <= '9'; }
  const char* at_;
  const char* end_;
};

bool read_date(Fields& fields, std::int64_t& days) noexcept {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (!fields.number(4, year) || !fields.take('-') || !fields.number(2, month) ||
      !fields.take('-') || !fields.number(2, day)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                         std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok()) return false;
  days = std::chrono::sys_days{date}.time_since_epoch().count();
  return true;
}

bool read_time(Fields& fields, std::int64_t& seconds, std::int64_t& ns) noexcept {
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (!fields.number(2, hour) || !fields.take(':') || !fields.number(2, minute)) return false;
  if (fields.take(':')) {
    if (!fields.number(2, second)) return false;
    if (fields.take('.') && !fields.fraction(ns)) return false;
  }
  seconds = std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + second;
  return hour < 24 && minute < 60 && second < 60;
}

// Seconds that the local time is ahead of UTC.
bool read_zone(Fields& fields, std::int64_t& ahead) noexcept {
  ahead = 0;
  if (fields.done() || fields.take('Z')) return fields.done();
  const bool west = fields.take('-');
  if (!west && !fields.take('+')) return false;
  unsigned hours = 0;
  unsigned minutes = 0;
  if (!fields.number(2, hours)) return false;
  if (!fields.done()) {
    static_cast<void>(fields.take(':'));  // optional
    if (!fields.number(2, minutes)) return false;
  }
  ahead = (std::int64_t{hours} * 3600 + std::int64_t{minutes} * 60) * (west ? -1 : 1);
  return fields.done() && hours < 24 && minutes < 60;
}

TimeError in_range(Wide total, std::int64_t& ns) noexcept {
  constexpr Wide kLimit = std::numeric_limits<std::int64_t>::max();
  if (total > kLimit || total < -kLimit) return TimeError::kRange;
  ns = static_cast<std::int64_t>(total);
  return TimeError::kNone;
}

}  // namespace

TimeError parse_iso8601(std::string_view text, std::int64_t& ns) noexcept {
  Fields fields(text);
  std::int64_t days = 0;
  std::int64_t seconds = 0;
  std::int64_t fraction = 0;
  std::int64_t ahead = 0;
  if (!read_date(fields, days)) return TimeError::kFormat;
  if (!fields.done()) {
    if (!fields.take('T') && !fields.take(' ')) return TimeError::kFormat;
    if (!read_time(fields, seconds, fraction) || !read_zone(fields, ahead)) {
      return TimeError::kFormat;
    }
  }
  return in_range(static_cast<Wide>(days * 86'400 + seconds - ahead) * kSecond + fraction, ns);
}

TimeError parse_epoch(std::string_view text, record::TimeUnit unit, std::int64_t& ns) noexcept {
  Decimal number;
  switch (parse_decimal(text, number)) {
    case NumberError::kNone:
      break;
    case NumberError::kRange:
      return TimeError::kRange;
    default:
      return TimeError::kFormat;
  }
  // s, ms, us, ns follow kAuto: 10^9, 10^6, 10^3, 10^0 nanoseconds.
  std::int64_t exponent = number.exponent + 12 - 3 * static_cast<std::int64_t>(unit);
  Wide total = static_cast<Wide>(number.digits);
  bool cut = number.inexact;
  for (; exponent < 0 && total != 0; ++exponent) {
    cut = cut || total % 10 != 0;
    total /= 10;
  }
  // 20 digits are out of range already.
  constexpr Wide kBeyond = static_cast<Wide>(std::numeric_limits<std::uint64_t>::max());
  for (; exponent > 0 && total != 0 && total <= kBeyond; --exponent) total *= 10;
  if (number.negative) total = -total - (cut ? 1 : 0);
  return in_range(total, ns);
}

record::TimeUnit likelier_unit(std::string_view text, record::TimeUnit unit) noexcept {
  using record::TimeUnit;
  constexpr std::int64_t k1990 = 631'152'000 * kSecond;
  constexpr std::int64_t k2100 = 4'102'444'800 * kSecond;
  std::int64_t ns = 0;
  const TimeError given = parse_epoch(text, unit, ns);
  const bool early = given == TimeError::kNone && ns < kYear1971;
  if (!early && given != TimeError::kRange) return TimeUnit::kAuto;
  for (const TimeUnit other :
       {TimeUnit::kSecond, TimeUnit::kMillisecond, TimeUnit::kMicrosecond, TimeUnit::kNanosecond}) {
    const bool coarser = other < unit;
    if (other == unit || coarser != early) continue;
    if (parse_epoch(text, other, ns) != TimeError::kNone) continue;
    if (ns >= k1990 && ns < k2100) return other;
  }
  return TimeUnit::kAuto;
}

}  // namespace headrace::decode
