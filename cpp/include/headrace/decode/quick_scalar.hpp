// Scalars read in place, for the values that streams are made of; the rest is left to the general
// functions (number.hpp, timestamp.hpp), which give the same bits.
//
// Every function returns the byte behind the value, or null where it does not know the value - be
// it malformed or only unusual. None of them looks at what follows the value.
//
// Thread contract: pure functions; a MinuteCache belongs to one thread.
// Cost: a price 3-4 ns, a repeated minute 2 ns. At least kQuickReach readable bytes at `at`.
//
//   double close;
//   if (const char* behind = quick_float64(at, close)) at = behind;
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <headrace/decode/number.hpp>
#include <headrace/decode/swar.hpp>

namespace headrace::decode {

inline constexpr std::ptrdiff_t kQuickReach = 48;

// Digits without a leading zero, at most 15 of them; the count is left in `digits`.
[[nodiscard]] inline const char* quick_digits(const char* at, std::uint64_t& value, int& digits) {
  const std::uint64_t word = load8(at);
  const int count = first_byte(non_digits(word));
  if (count == 0 || (*at == '0' && count > 1)) return nullptr;
  value = digits_value(word, count);
  digits = count;
  if (count < 8) return at + count;
  constexpr std::uint64_t kPowers[] = {1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000};
  const std::uint64_t more = load8(at + 8);
  const int rest = first_byte(non_digits(more));
  if (rest == 8) return nullptr;
  if (rest > 0) value = value * kPowers[rest] + digits_value(more, rest);
  digits += rest;
  return at + digits;
}

[[nodiscard]] inline const char* quick_int64(const char* at, std::int64_t& out) {
  const bool negative = *at == '-';
  std::uint64_t value = 0;
  int digits = 0;
  at = quick_digits(at + negative, value, digits);
  if (at == nullptr || *at == '.' || (*at | 0x20) == 'e') return nullptr;
  const auto magnitude = static_cast<std::int64_t>(value);
  out = negative ? -magnitude : magnitude;
  return at;
}

// Behind "e" or "E": a sign and one to three digits, added to `exponent`.
[[nodiscard]] inline const char* quick_exponent(const char* at, int& exponent) {
  const bool negative = *at == '-';
  if (*at == '-' || *at == '+') ++at;
  int value = 0;
  int digits = 0;
  for (; *at >= '0' && *at <= '9' && digits < 4; ++at, ++digits) value = value * 10 + (*at - '0');
  if (digits == 0 || digits == 4) return nullptr;
  exponent += negative ? -value : value;
  return at;
}

[[nodiscard]] inline const char* quick_float64(const char* at, double& out) {
  const bool negative = *at == '-';
  std::uint64_t value = 0;
  int digits = 0;
  at = quick_digits(at + negative, value, digits);
  if (at == nullptr) return nullptr;
  int exponent = 0;
  if (*at == '.') {
    constexpr std::uint64_t kPowers[] = {1,       10,        100,        1000,       10'000,
                                         100'000, 1'000'000, 10'000'000, 100'000'000};
    const std::uint64_t word = load8(at + 1);
    const int count = first_byte(non_digits(word));
    if (count == 0 || digits > 8) return nullptr;  // 16 digits: no overflow
    value = value * kPowers[count] + digits_value(word, count);
    exponent = -count;
    at += 1 + count;
    if (count == 8) {
      if (*at >= '0' && *at <= '9') return nullptr;
    }
  }
  if ((*at | 0x20) == 'e') {
    at = quick_exponent(at + 1, exponent);
    if (at == nullptr) return nullptr;
  }
  return small_decimal_to_double(value, exponent, negative, out) ? at : nullptr;
}

// `YYYY-MM-DDTHH:MM:SS.mmmZ` whose first 16 bytes were those of the last one: bars of a minute come
// in swarms. Other times and spellings are parse_iso8601's.
class MinuteCache {
 public:
  static constexpr int kSize = 24;

  // `at` is the first digit; 24 readable bytes.
  [[nodiscard]] bool find(const char* at, std::int64_t& ns) const {
    std::int64_t within = 0;
    if (((load8(at) ^ date_) | (load8(at + 8) ^ minute_)) != 0) return false;
    if (!within_minute(load8(at + 16), within)) return false;
    ns = start_ + within;
    return true;
  }
  // Such a text and its time; others are left alone.
  void learn(const char* at, std::int64_t ns) {
    constexpr std::int64_t kMargin = 60'000'000'000;  // no minute that crosses the end of time
    std::int64_t within = 0;
    if (at[4] != '-' || at[10] != 'T' || !within_minute(load8(at + 16), within)) return;
    if (ns > std::numeric_limits<std::int64_t>::max() - kMargin ||
        ns < std::numeric_limits<std::int64_t>::min() + kMargin) {
      return;
    }
    date_ = load8(at);
    minute_ = load8(at + 8);
    start_ = ns - within;
  }

 private:
  // ":SS.mmmZ" in nanoseconds.
  [[nodiscard]] static bool within_minute(std::uint64_t word, std::int64_t& ns) {
    constexpr std::uint64_t kPattern = 0x5A3030302E30303AULL;  // ":00.000Z", first byte lowest
    constexpr std::uint64_t kFixed = 0xFF000000FF0000FFULL;
    const std::uint64_t x = word ^ kPattern;  // digits become 0..9, the rest 0
    const std::uint64_t beyond = ((x + kOnes * (0x80 - 10)) | x) & kHighs;
    const auto digit = [x](unsigned i) { return static_cast<std::int64_t>(x >> (8 * i) & 0xFFU); };
    if (((x & kFixed) | beyond) != 0 || digit(1) > 5) return false;
    const std::int64_t milliseconds =
        digit(1) * 10'000 + digit(2) * 1000 + digit(4) * 100 + digit(5) * 10 + digit(6);
    ns = milliseconds * 1'000'000;
    return true;
  }

  std::uint64_t date_ = 0;
  std::uint64_t minute_ = 0;
  std::int64_t start_ = 0;
};

}  // namespace headrace::decode
