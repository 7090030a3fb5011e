#include <headrace/decode/number.hpp>

#include <charconv>
#include <limits>
#include <system_error>

#include <headrace/decode/swar.hpp>

namespace headrace::decode {
namespace {

constexpr int kSignificant = 19;                  // every 19-digit number fits an uint64
constexpr std::int64_t kExponentCap = 1'000'000;  // beyond any double; keeps the sums in range

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

const char* skip_digits(const char* at, const char* last) noexcept {
  while (last - at >= 8) {
    const int digits = first_byte(non_digits(load8(at)));
    at += digits;
    if (digits < 8) return at;
  }
  while (at != last && is_digit(*at)) ++at;
  return at;
}

// Takes digits one after the other and keeps the first 19 significant ones.
class DigitSink {
 public:
  explicit DigitSink(Decimal& out) noexcept : out_(out) {}
  void add(const char* first, const char* last, bool fraction) noexcept {
    for (; first != last; ++first) {
      const auto digit = static_cast<std::uint64_t>(*first - '0');
      if (taken_ < kSignificant) {
        out_.digits = out_.digits * 10 + digit;
        if (out_.digits != 0) ++taken_;
        if (fraction) --out_.exponent;
      } else {
        if (!fraction) ++out_.exponent;
        if (digit != 0) out_.inexact = true;
      }
    }
  }

 private:
  Decimal& out_;
  int taken_ = 0;
};

std::int64_t exponent_of(const char* first, const char* last) noexcept {
  const bool negative = *first == '-';
  if (*first == '-' || *first == '+') ++first;
  std::int64_t value = 0;
  for (; first != last; ++first) {
    if (value < kExponentCap) value = value * 10 + (*first - '0');
  }
  return negative ? -value : value;
}

// from_chars reports both ends of the range alike: the size of the number tells which it was.
bool overflows(const Decimal& number) noexcept {
  std::int64_t magnitude = number.exponent;
  for (std::uint64_t rest = number.digits; rest != 0; rest /= 10) ++magnitude;
  return magnitude > 0;
}

NumberError whole_in_range(const Decimal& number, std::int64_t& out) noexcept {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  // An exponent means that more than 19 digits were there.
  if (number.exponent != 0 || number.digits > kMax + (number.negative ? 1U : 0U)) {
    return NumberError::kRange;
  }
  const std::uint64_t bits = number.negative ? 0 - number.digits : number.digits;
  out = static_cast<std::int64_t>(bits);
  return NumberError::kNone;
}

}  // namespace

const char* number_end(const char* first, const char* last) noexcept {
  const char* at = first;
  if (at != last && *at == '-') ++at;
  const char* digits = at;
  at = skip_digits(at, last);
  if (at == digits || (*digits == '0' && at - digits > 1)) return nullptr;
  if (at != last && *at == '.') {
    digits = ++at;
    at = skip_digits(at, last);
    if (at == digits) return nullptr;
  }
  if (at != last && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != last && (*at == '+' || *at == '-')) ++at;
    digits = at;
    at = skip_digits(at, last);
    if (at == digits) return nullptr;
  }
  return at;
}

NumberError parse_decimal(std::string_view text, Decimal& out) noexcept {
  const char* at = text.data();
  const char* last = at + text.size();
  if (number_end(at, last) != last || text.empty()) return NumberError::kSyntax;
  if (text.size() > kMaxNumberLength) return NumberError::kRange;
  Decimal number;
  number.integral = true;
  number.negative = *at == '-';
  if (number.negative) ++at;
  DigitSink sink(number);
  const char* end = skip_digits(at, last);
  sink.add(at, end, false);
  at = end;
  if (at != last && *at == '.') {
    number.integral = false;
    end = skip_digits(at + 1, last);
    sink.add(at + 1, end, true);
    at = end;
  }
  if (at != last) {
    number.integral = false;
    number.exponent += exponent_of(at + 1, last);
  }
  out = number;
  return NumberError::kNone;
}

NumberError parse_int64(std::string_view text, std::int64_t& out) noexcept {
  Decimal number;
  if (const NumberError bad = parse_decimal(text, number); bad != NumberError::kNone) return bad;
  if (!number.integral) return NumberError::kNotInteger;
  return whole_in_range(number, out);
}

NumberError parse_whole(std::string_view text, std::int64_t& out) noexcept {
  Decimal number;
  if (const NumberError bad = parse_decimal(text, number); bad != NumberError::kNone) return bad;
  if (number.digits == 0) number.exponent = 0;
  for (; number.exponent < 0 && number.digits % 10 == 0; ++number.exponent) number.digits /= 10;
  // Digits that were cut are a fraction, unless they stand before the point.
  if (number.exponent < 0 || (number.inexact && number.exponent == 0)) {
    return NumberError::kNotInteger;
  }
  for (; number.exponent > 0; --number.exponent) {
    if (__builtin_mul_overflow(number.digits, std::uint64_t{10}, &number.digits)) {
      return NumberError::kRange;
    }
  }
  return whole_in_range(number, out);
}

NumberError parse_float64(std::string_view text, double& out) noexcept {
  const char* last = text.data() + text.size();
  if (text.empty() || number_end(text.data(), last) != last) return NumberError::kSyntax;
  if (text.size() > kMaxNumberLength) return NumberError::kRange;
  double value = 0;
  if (std::from_chars(text.data(), last, value).ec == std::errc::result_out_of_range) {
    Decimal number;
    static_cast<void>(parse_decimal(text, number));
    if (overflows(number)) return NumberError::kRange;
    value = number.negative ? -0.0 : 0.0;
  }
  out = value;
  return NumberError::kNone;
}

}  // namespace headrace::decode
