#include <headrace/decode/number.hpp>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "catch.hpp"

using namespace headrace::decode;

namespace {

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

double read(const std::string& text) {
  double value = 0;
  REQUIRE(parse_float64(text, value) == NumberError::kNone);
  return value;
}

}  // namespace

TEST_CASE("the grammar is JSON's, to the letter") {
  double real = 1;
  std::int64_t whole = 1;
  for (const char* text : {"",    "-",        "+1",        "01",   "-01",   "1.", ".5",   "-.5",
                           "1e",  "1e+",      "1.e1",      "0x10", "1 ",    " 1", "1a",   "--1",
                           "NaN", "Infinity", "-Infinity", "1,0",  "1e1.5", "00", "1_000"}) {
    INFO(text);
    CHECK(parse_float64(text, real) == NumberError::kSyntax);
    CHECK(parse_int64(text, whole) == NumberError::kSyntax);
  }
  CHECK(real == 1);
  CHECK(whole == 1);
}

TEST_CASE("the end of a number is found within its text, exactly") {
  const std::string text = "-12.5e+3,";
  CHECK(number_end(text.data(), text.data() + text.size()) == text.data() + 8);
  for (std::size_t size = 0; size <= 8; ++size) {
    const bool whole = size == 2 || size == 3 || size == 5 || size == 8;
    const char* end = number_end(text.data(), text.data() + size);
    INFO(size);
    CHECK((end != nullptr) == whole);
  }
}

TEST_CASE("integers are exact over the whole range, and nothing else is an integer") {
  std::int64_t value = 0;
  CHECK(parse_int64("9223372036854775807", value) == NumberError::kNone);
  CHECK(value == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_int64("-9223372036854775808", value) == NumberError::kNone);
  CHECK(value == std::numeric_limits<std::int64_t>::min());
  CHECK(parse_int64("-0", value) == NumberError::kNone);
  CHECK(value == 0);
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "18446744073709551616",
                           "10000000000000000000000"}) {
    CHECK(parse_int64(text, value) == NumberError::kRange);
  }
  for (const char* text : {"1.0", "1e3", "0.5", "1E0"}) {
    CHECK(parse_int64(text, value) == NumberError::kNotInteger);
  }
}

TEST_CASE("a whole value is one however it is written") {
  std::int64_t value = 0;
  const auto whole = [&value](std::string_view text) {
    INFO(text);
    REQUIRE(parse_whole(text, value) == NumberError::kNone);
    return value;
  };
  CHECK(whole("2354") == 2354);
  CHECK(whole("2354.0") == 2354);
  CHECK(whole("-0.000") == 0);
  CHECK(whole("1.5e1") == 15);
  CHECK(whole("120e-1") == 12);
  CHECK(whole("0e999999999") == 0);
  CHECK(whole("9223372036854775807.000000000000") == std::numeric_limits<std::int64_t>::max());
  CHECK(whole("-9.223372036854775808e18") == std::numeric_limits<std::int64_t>::min());
  value = 5;
  for (const char* text : {"0.5", "2354.01", "15e-1", "1e-999999999", "1000000000000000000.5",
                           "9223372036854775807.000000000000000001"}) {
    INFO(text);
    CHECK(parse_whole(text, value) == NumberError::kNotInteger);
  }
  for (const char* text :
       {"9223372036854775808.0", "1e19", "1e999999999", "12345678901234567890.0"}) {
    INFO(text);
    CHECK(parse_whole(text, value) == NumberError::kRange);
  }
  CHECK(parse_whole("12.", value) == NumberError::kSyntax);
  CHECK(value == 5);
}

TEST_CASE("doubles are the nearest ones: halves, denormals, both ends") {
  for (const char* text :
       {"0", "-0", "-0.0", "0e999999999999", "187.15", "1e22", "1e23", "9007199254740993",
        "9007199254740993.00000000000000000000000000000000001", "0.1", "123456789012345678901234",
        "2.2250738585072014e-308", "2.2250738585072011e-308", "4.9406564584124654e-324",
        "1.7976931348623157e308", "8.5e-324", "1e-5", "12345678.12345678", "5e-324"}) {
    INFO(text);
    CHECK(bits(read(text)) == bits(std::strtod(text, nullptr)));
  }
}

TEST_CASE("overflow is an error, underflow is zero with its sign") {
  double value = 7;
  for (const char* text :
       {"1e309", "-1e309", "1.7976931348623159e308", "1e999999999999999999999", "123456789e301"}) {
    INFO(text);
    CHECK(parse_float64(text, value) == NumberError::kRange);
  }
  CHECK(value == 7);
  CHECK(bits(read("1e-400")) == bits(0.0));
  CHECK(bits(read("-1e-400")) == bits(-0.0));
  CHECK(bits(read("-0.000001e-99999999999999999999")) == bits(-0.0));
}

TEST_CASE("a literal has at most 1,000 bytes") {
  double value = 0;
  const std::string longest = "0." + std::string(998, '1');
  CHECK(parse_float64(longest, value) == NumberError::kNone);
  CHECK(parse_float64(longest + "1", value) == NumberError::kRange);
  std::int64_t whole = 0;
  CHECK(parse_int64(std::string(1001, '1'), whole) == NumberError::kRange);
}

TEST_CASE("random doubles survive a round trip through 17 digits and through fixed prices") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    char text[64];
    std::snprintf(text, sizeof text, "%.17g", value);
    REQUIRE(bits(read(text)) == bits(value));
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(random() % 10),
                  static_cast<double>(random() % 100'000'000) / 1e4);
    REQUIRE(bits(read(text)) == bits(std::strtod(text, nullptr)));
  }
}

TEST_CASE("a decimal keeps 19 significant digits and says when it cut") {
  Decimal number;
  REQUIRE(parse_decimal("-0.00123e5", number) == NumberError::kNone);
  CHECK(number.digits == 123);
  CHECK(number.exponent == 0);
  CHECK(number.negative);
  CHECK_FALSE(number.integral);
  CHECK_FALSE(number.inexact);
  REQUIRE(parse_decimal("12345678901234567890123", number) == NumberError::kNone);
  CHECK(number.digits == 1234567890123456789);
  CHECK(number.exponent == 4);
  CHECK(number.integral);
  CHECK(number.inexact);
  REQUIRE(parse_decimal("12345678901234567890000", number) == NumberError::kNone);
  CHECK_FALSE(number.inexact);
}

TEST_CASE("the small path is used only where it is exact") {
  double value = 0;
  CHECK(small_decimal_to_double(18715, -2, false, value));
  CHECK(value == 187.15);
  CHECK(small_decimal_to_double(5, 22, true, value));
  CHECK(value == -5e22);
  CHECK_FALSE(small_decimal_to_double((1ULL << 53U) + 1, 0, false, value));
  CHECK_FALSE(small_decimal_to_double(1, 23, false, value));
  CHECK_FALSE(small_decimal_to_double(1, -23, false, value));
}
