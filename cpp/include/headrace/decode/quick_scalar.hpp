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

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <headrace/decode/lane16.hpp>
#include <headrace/decode/number.hpp>
#include <headrace/decode/swar.hpp>

namespace headrace::decode {

inline constexpr std::ptrdiff_t kQuickReach = 32;

// The sign and the digits of a literal without a leading zero, 15 at most. `at` is moved behind the
// sign.
struct QuickDigits {
  unsigned others = 0;  // bit i: at[i] is no digit
  int whole = 0;        // digits before the first of these
  bool negative = false;

  [[nodiscard, gnu::always_inline]] bool read(const char*& at) {
    count(at);
    if (whole ==
        0) {  // a branch, for the predictor: arithmetic on the sign would delay every number
      if (*at != '-') return false;
      negative = true;
      count(++at);
    }
    return whole > 0 && whole < lane::kBytes && (*at != '0' || whole == 1);
  }

 private:
  [[gnu::always_inline]] void count(const char* at) {
    others = lane::non_digits(at);
    whole = std::countr_zero(others | 0x10000U);
  }
};

[[nodiscard, gnu::always_inline]] inline const char* quick_int64(const char* at,
                                                                 std::int64_t& out) {
  QuickDigits found;
  if (!found.read(at)) return nullptr;
  const char* behind = at + found.whole;
  if (*behind == '.' || (*behind | 0x20) == 'e') return nullptr;
  const auto value = static_cast<std::int64_t>(lane::number(at, lane::kBytes, found.whole));
  out = found.negative ? -value : value;
  return behind;
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

[[nodiscard, gnu::always_inline]] inline const char* quick_float64(const char* at, double& out) {
  QuickDigits found;
  if (!found.read(at)) return nullptr;
  int dot = lane::kBytes;
  int end = found.whole;
  int exponent = 0;
  if (at[end] == '.') {
    dot = end;
    end = std::countr_zero((found.others & (found.others - 1)) | 0x10000U);
    exponent = dot + 1 - end;
    if (exponent == 0 || end == lane::kBytes) return nullptr;
  }
  const std::uint64_t digits = lane::number(at, dot, end);
  at += end;
  if ((*at | 0x20) == 'e') {
    at = quick_exponent(at + 1, exponent);
    if (at == nullptr) return nullptr;
    return small_decimal_to_double(digits, exponent, found.negative, out) ? at : nullptr;
  }
  // 15 digits at most: exact, and so is the power of ten (see small_decimal_to_double).
  const double value =
      static_cast<double>(static_cast<std::int64_t>(digits)) / kPowersOfTen[-exponent];
  out = found.negative ? -value : value;
  return at;
}

// `YYYY-MM-DDTHH:MM:SS.mmmZ` whose first 16 bytes were those of the last one: bars of a minute come
// in swarms. Other times and spellings are parse_iso8601's.
class MinuteCache {
 public:
  static constexpr int kSize = 24;

  // `at` is the first digit; 24 readable bytes.
  [[nodiscard, gnu::always_inline]] bool find(const char* at, std::int64_t& ns) const {
    if (((load8(at) ^ date_) | (load8(at + 8) ^ minute_)) != 0) return false;
    const std::uint64_t rest = load8(at + 16);
    std::int64_t within = 0;
    if (rest != kFullMinute && !within_minute(rest, within)) return false;
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
  static constexpr std::uint64_t kFullMinute = 0x5A3030302E30303AULL;  // ":00.000Z", reversed

  // ":SS.mmmZ" in nanoseconds.
  [[nodiscard]] static bool within_minute(std::uint64_t word, std::int64_t& ns) {
    constexpr std::uint64_t kFixed = 0xFF000000FF0000FFULL;
    const std::uint64_t x = word ^ kFullMinute;  // digits become 0..9, the rest 0
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
