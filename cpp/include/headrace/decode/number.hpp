// Numbers of JSON and CSV text: strict grammar, exact integers, correctly rounded doubles.
//
// The grammar is RFC 8259 section 6: no leading zeros, no '+', no bare '.', no hex, no NaN. An
// int64 takes only literals without fraction and exponent: `1.0` and `1e3` are not integers, since
// whoever writes them writes a float column. A double takes every literal and is the nearest one
// (ties to even), the same bits whichever way was taken; underflow is a denormal or zero, overflow
// is an error, never an infinity. Literals of more than kMaxNumberLength bytes are out of range.
//
// Thread contract: pure functions.
// Cost: 20-40 ns (std::from_chars); quick_scalar.hpp reads the usual ones in a tenth of that.
//
//   double close = 0;
//   if (parse_float64("187.15", close) == NumberError::kNone) use(close);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace headrace::decode {

enum class NumberError : std::uint8_t { kNone, kSyntax, kNotInteger, kRange };

// Longer literals say nothing more about a double (767 digits decide every tie) but cost time.
inline constexpr std::size_t kMaxNumberLength = 1000;

// A literal as sign, significant digits and power of ten: (-1)^negative * digits * 10^exponent,
// cut after 19 significant digits.
struct Decimal {
  std::uint64_t digits = 0;
  std::int64_t exponent = 0;
  bool negative = false;
  bool integral = false;  // neither fraction nor exponent in the text
  bool inexact = false;   // something other than zeros was cut
};

// The end of the number that begins at `first`, or null where there is none.
[[nodiscard]] const char* number_end(const char* first, const char* last) noexcept;

// `text` must be one whole number, else kSyntax; the output is left alone on an error.
[[nodiscard]] NumberError parse_decimal(std::string_view text, Decimal& out) noexcept;
[[nodiscard]] NumberError parse_int64(std::string_view text, std::int64_t& out) noexcept;
// As parse_int64, and literals of a whole value however they are written: `2354.0`, `1.5e1`.
[[nodiscard]] NumberError parse_whole(std::string_view text, std::int64_t& out) noexcept;
[[nodiscard]] NumberError parse_float64(std::string_view text, double& out) noexcept;

inline constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Clinger's fast path ("How to Read Floating Point Numbers Accurately", 1990): digits up to 2^53
// and powers of ten up to 10^22 are exact doubles, so that one division or multiplication rounds
// once. False where it does not apply.
[[nodiscard, gnu::always_inline]] inline bool small_decimal_to_double(std::uint64_t digits,
                                                                      std::int64_t exponent,
                                                                      bool negative,
                                                                      double& out) noexcept {
  if (digits > (std::uint64_t{1} << 53U) || exponent < -22 || exponent > 22) return false;
  const auto exact = static_cast<double>(digits);
  const double value =
      exponent < 0 ? exact / kPowersOfTen[-exponent] : exact * kPowersOfTen[exponent];
  out = negative ? -value : value;
  return true;
}

}  // namespace headrace::decode
