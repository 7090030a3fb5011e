// Numbers against the C library's, and the quick functions against the general ones, to the bit.
#include <bit>
#include <cerrno>
#include <cmath>
#include <string>

#include <headrace/decode/quick_scalar.hpp>

#include "fuzz_check.hpp"

namespace {

using namespace headrace::decode;
using headrace::fuzz::require;

void check_float64(const std::string& text, NumberError error, double value) {
  const double expected = std::strtod(text.c_str(), nullptr);
  if (error == NumberError::kRange) {
    require(std::isinf(expected) || text.size() > kMaxNumberLength, "out of range", text);
  } else {
    require(error == NumberError::kNone, "a number is read", text);
    require(std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(expected),
            "same bits as strtod", text);
  }
}

void check_int64(const std::string& text, NumberError error, std::int64_t value) {
  const bool integral = text.find_first_of(".eE") == std::string::npos;
  errno = 0;
  const long long expected = std::strtoll(text.c_str(), nullptr, 10);
  if (!integral && text.size() <= kMaxNumberLength) {
    require(error == NumberError::kNotInteger, "no integer", text);
  } else if (errno == ERANGE || text.size() > kMaxNumberLength) {
    require(error == NumberError::kRange, "out of range", text);
  } else {
    require(error == NumberError::kNone && value == expected, "same as strtoll", text);
  }
}

void check_quick(std::string_view token) {
  const std::string padded = std::string(token) + std::string(kQuickReach, '\0');
  double quick_double = 0;
  double plain_double = 0;
  if (const char* end = quick_float64(padded.data(), quick_double)) {
    const std::string_view read(padded.data(), static_cast<std::size_t>(end - padded.data()));
    require(parse_float64(read, plain_double) == NumberError::kNone, "quick float is a float",
            read);
    require(
        std::bit_cast<std::uint64_t>(quick_double) == std::bit_cast<std::uint64_t>(plain_double),
        "quick float has the same bits", read);
  }
  std::int64_t quick_integer = 0;
  std::int64_t plain_integer = 0;
  if (const char* end = quick_int64(padded.data(), quick_integer)) {
    const std::string_view read(padded.data(), static_cast<std::size_t>(end - padded.data()));
    require(parse_int64(read, plain_integer) == NumberError::kNone, "quick int is an int", read);
    require(quick_integer == plain_integer, "quick int is the same", read);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> exact(data, data + size);
  const char* last = exact.data() + exact.size();
  check_quick(headrace::fuzz::view_of(exact));
  const char* end = number_end(exact.data(), last);
  if (end == nullptr) return 0;
  const std::string text(exact.data(), end);
  double real = 0;
  std::int64_t integer = 0;
  const NumberError real_error = parse_float64(text, real);
  check_float64(text, real_error, real);
  const NumberError integer_error = parse_int64(text, integer);
  check_int64(text, integer_error, integer);
  return 0;
}
