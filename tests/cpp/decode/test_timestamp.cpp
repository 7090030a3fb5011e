#include <headrace/decode/timestamp.hpp>

#include <limits>
#include <string>

#include "catch.hpp"

using namespace headrace::decode;
using headrace::record::TimeUnit;

namespace {

constexpr std::int64_t kBase = 1'704'187'800;  // 2024-01-02T09:30:00Z
constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t iso(std::string_view text) {
  std::int64_t ns = 0;
  INFO(text);
  REQUIRE(parse_iso8601(text, ns) == TimeError::kNone);
  return ns;
}

std::int64_t epoch(std::string_view text, TimeUnit unit) {
  std::int64_t ns = 0;
  INFO(text);
  REQUIRE(parse_epoch(text, unit, ns) == TimeError::kNone);
  return ns;
}

}  // namespace

TEST_CASE("ISO 8601 in every accepted spelling") {
  const std::int64_t expected = kBase * kSecond;
  for (const char* text :
       {"2024-01-02T09:30:00Z", "2024-01-02T09:30:00.000Z", "2024-01-02 09:30:00",
        "2024-01-02T09:30", "2024-01-02T09:30Z", "2024-01-02T10:30:00+01:00",
        "2024-01-02T10:30:00+0100", "2024-01-02 10:30:00+01", "2024-01-01T23:00:00.0-10:30",
        "2024-01-02T09:30:00.000000000+00:00", "2024-01-02T09:30:00-00:00"}) {
    CHECK(iso(text) == expected);
  }
  CHECK(iso("2024-01-02") == (kBase - 34'200) * kSecond);
  CHECK(iso("1970-01-01") == 0);
  CHECK(iso("1969-12-31T23:59:59.999999999Z") == -1);
  CHECK(iso("2000-02-29T12:00:00Z") == 951'825'600 * kSecond);
}

TEST_CASE("fractions of one to nine digits are exact") {
  std::string text = "2024-01-02T09:30:00.";
  std::int64_t expected = 0;
  std::int64_t scale = kSecond;
  for (int digit = 1; digit <= 9; ++digit) {
    text += static_cast<char>('0' + digit);
    scale /= 10;
    expected += scale * digit;
    CHECK(iso(text) == kBase * kSecond + expected);
    CHECK(iso(text + "Z") == kBase * kSecond + expected);
  }
}

TEST_CASE("everything else is no timestamp") {
  std::int64_t ns = 5;
  for (const char* text : {"",
                           "2024",
                           "2024-01",
                           "2024-1-2",
                           "20240102",
                           "2024-01-02T",
                           "2024-01-02T9:30:00Z",
                           "2024-01-02t09:30:00z",
                           "2024-01-02T09:30:00z",
                           "2024-01-02T09:30:00.Z",
                           "2024-01-02T09:30:00.1234567890Z",
                           "2024-01-02T24:00:00Z",
                           "2024-01-02T09:60:00Z",
                           "2024-01-02T09:30:60Z",
                           "2024-13-01",
                           "2024-00-01",
                           "2024-01-32",
                           "2024-02-30",
                           "2023-02-29",
                           "1900-02-29",
                           "2024-01-02T09:30:00Zx",
                           "2024-01-02T09:30:00 Z",
                           "2024-01-02Z",
                           "2024-01-02T09:30:00+",
                           "2024-01-02T09:30:00+1",
                           "2024-01-02T09:30:00+01:0",
                           "2024-01-02T09:30:00+24:00",
                           "2024-01-02T09:30:00+01:60",
                           "2024-01-02T09:30:00+01:00Z",
                           " 2024-01-02",
                           "2024-01-02 ",
                           "+2024-01-02",
                           "2024/01/02",
                           "2024-01-02T0930",
                           "yesterday",
                           "2024-01-02T09:30:00,5"}) {
    INFO(text);
    CHECK(parse_iso8601(text, ns) == TimeError::kFormat);
  }
  CHECK(ns == 5);
}

TEST_CASE("the range is an int64 of nanoseconds without its lowest value") {
  CHECK(iso("1677-09-21T00:12:43.145224193Z") == std::numeric_limits<std::int64_t>::min() + 1);
  CHECK(iso("2262-04-11T23:47:16.854775807Z") == std::numeric_limits<std::int64_t>::max());
  std::int64_t ns = 0;
  for (const char* text :
       {"1677-09-21T00:12:43.145224192Z", "2262-04-11T23:47:16.854775808Z", "0000-01-01",
        "9999-12-31T23:59:59Z", "2262-04-11T23:47:16.854775807-00:01"}) {
    INFO(text);
    CHECK(parse_iso8601(text, ns) == TimeError::kRange);
  }
  CHECK(iso("2262-04-12T00:47:16+01:00") > 0);
}

TEST_CASE("numbers of an epoch are exact in every unit") {
  CHECK(epoch("1704187800", TimeUnit::kSecond) == kBase * kSecond);
  CHECK(epoch("1704187800123", TimeUnit::kMillisecond) == kBase * kSecond + 123'000'000);
  CHECK(epoch("1704187800123456", TimeUnit::kMicrosecond) == kBase * kSecond + 123'456'000);
  CHECK(epoch("1704187800123456789", TimeUnit::kNanosecond) == kBase * kSecond + 123'456'789);
  // A double would give ...712 here.
  CHECK(epoch("1704187800.123456789", TimeUnit::kSecond) == kBase * kSecond + 123'456'789);
  CHECK(epoch("1.7041878e9", TimeUnit::kSecond) == kBase * kSecond);
  CHECK(epoch("1704187800.0000000000000000000001", TimeUnit::kSecond) == kBase * kSecond);
  CHECK(epoch("0", TimeUnit::kSecond) == 0);
  CHECK(epoch("-1.5", TimeUnit::kSecond) == -1'500'000'000);
}

TEST_CASE("what is finer than a nanosecond is cut towards the past") {
  CHECK(epoch("0.9", TimeUnit::kNanosecond) == 0);
  CHECK(epoch("-0.1", TimeUnit::kNanosecond) == -1);
  CHECK(epoch("1.00000000009", TimeUnit::kSecond) == kSecond);
  CHECK(epoch("-1.0000000001", TimeUnit::kSecond) == -kSecond - 1);
  CHECK(epoch("1e-400", TimeUnit::kSecond) == 0);
}

TEST_CASE("epochs out of range are told, whatever their size") {
  std::int64_t ns = 0;
  for (const char* text :
       {"9223372037", "-9223372037", "1e30", "-1e999999999", "1e300000000000000"}) {
    INFO(text);
    CHECK(parse_epoch(text, TimeUnit::kSecond, ns) == TimeError::kRange);
  }
  CHECK(parse_epoch("-9223372036854775808", TimeUnit::kNanosecond, ns) == TimeError::kRange);
  CHECK(epoch("-9223372036854775807", TimeUnit::kNanosecond) ==
        -std::numeric_limits<std::int64_t>::max());
  CHECK(parse_epoch("soon", TimeUnit::kSecond, ns) == TimeError::kFormat);
}

TEST_CASE("a number that makes no sense in its unit may make sense in another") {
  const auto likelier = [](const char* text, TimeUnit unit) { return likelier_unit(text, unit); };
  CHECK(likelier("1700000000", TimeUnit::kMillisecond) == TimeUnit::kSecond);
  CHECK(likelier("1700000000.5", TimeUnit::kMillisecond) == TimeUnit::kSecond);
  CHECK(likelier("1700000000000", TimeUnit::kMicrosecond) == TimeUnit::kMillisecond);
  CHECK(likelier("1700000000", TimeUnit::kNanosecond) == TimeUnit::kSecond);
  CHECK(likelier("1700000000000000", TimeUnit::kNanosecond) == TimeUnit::kMicrosecond);
  CHECK(likelier("1700000000000", TimeUnit::kSecond) == TimeUnit::kMillisecond);
  CHECK(likelier("1700000000000000000", TimeUnit::kMillisecond) == TimeUnit::kNanosecond);
  // What is right, or wrong in any unit, is left to others.
  CHECK(likelier("1700000000000", TimeUnit::kMillisecond) == TimeUnit::kAuto);
  CHECK(likelier("0", TimeUnit::kMillisecond) == TimeUnit::kAuto);
  CHECK(likelier("-1700000000", TimeUnit::kMillisecond) == TimeUnit::kAuto);
  CHECK(likelier("86400000", TimeUnit::kMillisecond) == TimeUnit::kAuto);
  CHECK(likelier("1e300", TimeUnit::kSecond) == TimeUnit::kAuto);
}
