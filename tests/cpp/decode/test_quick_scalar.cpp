#include <headrace/decode/quick_scalar.hpp>

#include <bit>
#include <random>
#include <string>

#include <headrace/decode/timestamp.hpp>

#include "catch.hpp"

using namespace headrace::decode;

namespace {

std::string padded(std::string text) { return text + std::string(kQuickReach, '\0'); }

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

}  // namespace

TEST_CASE("a quick double has the bits of the general one, or is not read at all") {
  std::mt19937_64 random(5);
  int read = 0;
  for (int i = 0; i < 50'000; ++i) {
    char text[64];
    const auto digits = static_cast<int>(random() % 12);
    const double value = static_cast<double>(static_cast<std::int64_t>(random())) /
                         static_cast<double>((random() >> (random() % 63)) | 1);
    std::snprintf(text, sizeof text, random() % 2 ? "%.*f" : "%.*e", digits, value);
    const std::string input = padded(text);
    double quick = 0;
    const char* end = quick_float64(input.data(), quick);
    if (end == nullptr) continue;
    ++read;
    double general = 0;
    const std::string_view taken(input.data(), static_cast<std::size_t>(end - input.data()));
    REQUIRE(parse_float64(taken, general) == NumberError::kNone);
    REQUIRE(bits(quick) == bits(general));
  }
  CHECK(read > 10'000);
}

TEST_CASE("prices, volumes and small exponents are read quickly") {
  double value = 0;
  for (const char* text : {"187.15", "-0.5", "0", "-0", "1e3", "1.8715e2", "1.5E-7", "100",
                           "0.0001", "12345678.1234", "123456789012345"}) {
    const std::string input = padded(text);
    INFO(text);
    REQUIRE(quick_float64(input.data(), value) == input.data() + std::string(text).size());
    CHECK(bits(value) == bits(std::strtod(text, nullptr)));
  }
  std::int64_t whole = 0;
  for (const char* text : {"0", "-0", "7", "-82488700", "999999999999999"}) {
    const std::string input = padded(text);
    INFO(text);
    REQUIRE(quick_int64(input.data(), whole) == input.data() + std::string(text).size());
    CHECK(whole == std::strtoll(text, nullptr, 10));
  }
}

TEST_CASE("what is no number, or is not known, is left alone") {
  double value = 0;
  std::int64_t whole = 0;
  for (const char* text : {"", "-", "01", "-01", "1.", "1.e5", ".5", "1e", "1e+", "1e1234", "+1",
                           "null", "\"1\"", "--1", "1234567890123456", "0.12345678901234567"}) {
    INFO(text);
    CHECK(quick_float64(padded(text).data(), value) == nullptr);
  }
  for (const char* text : {"", "-", "01", "1.0", "1e3", "1E3", "1234567890123456", "x"}) {
    INFO(text);
    CHECK(quick_int64(padded(text).data(), whole) == nullptr);
  }
}

TEST_CASE("a minute once learnt gives what the general parser gives, and no other minute") {
  MinuteCache cache;
  std::int64_t ns = 0;
  std::int64_t general = 0;
  const std::string lesson = "2024-01-02T09:30:07.250Z";
  CHECK_FALSE(cache.find(lesson.data(), ns));
  REQUIRE(parse_iso8601(lesson, general) == TimeError::kNone);
  cache.learn(lesson.data(), general);
  for (const char* text :
       {"2024-01-02T09:30:07.250Z", "2024-01-02T09:30:00.000Z", "2024-01-02T09:30:59.999Z"}) {
    REQUIRE(cache.find(text, ns));
    REQUIRE(parse_iso8601(text, general) == TimeError::kNone);
    CHECK(ns == general);
  }
  for (std::size_t i = 0; i < lesson.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string text = lesson;
      text[i] = static_cast<char>(c);
      if (!cache.find(text.data(), ns)) continue;
      REQUIRE(parse_iso8601(text, general) == TimeError::kNone);
      REQUIRE(ns == general);
    }
  }
}

TEST_CASE("a minute at the end of time is not learnt") {
  MinuteCache cache;
  std::int64_t ns = 0;
  const std::string last = "2262-04-11T23:47:16.854Z";
  REQUIRE(parse_iso8601(last, ns) == TimeError::kNone);
  cache.learn(last.data(), ns);
  CHECK_FALSE(cache.find("2262-04-11T23:47:59.000Z", ns));
}

TEST_CASE("other spellings of 24 bytes are not learnt as minutes") {
  MinuteCache cache;
  std::int64_t ns = 0;
  for (const char* text :
       {"2024-01-02 09:30:00.000Z", "2024-01-02T09:30:00+01:0", "2024-01-02T09:30:00.1234"}) {
    cache.learn(text, 0);
    CHECK_FALSE(cache.find(text, ns));
  }
}
