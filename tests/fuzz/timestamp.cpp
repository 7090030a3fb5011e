// Timestamps: what is accepted, written out canonically and read again, is the same instant; an
// integer count of nanoseconds is itself.
#include <array>
#include <chrono>
#include <string>

#include <headrace/decode/number.hpp>
#include <headrace/decode/timestamp.hpp>

#include "fuzz_check.hpp"

namespace {

using headrace::decode::parse_epoch;
using headrace::decode::parse_iso8601;
using headrace::decode::TimeError;
using headrace::fuzz::require;
using headrace::record::TimeUnit;

std::string canonical(std::int64_t ns) {
  using namespace std::chrono;
  // Seconds first: the day before the first nanosecond begins outside the range of nanoseconds.
  const sys_seconds time{floor<seconds>(nanoseconds{ns})};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  const std::int64_t fraction = (ns % 1'000'000'000 + 1'000'000'000) % 1'000'000'000;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(fraction));
  return text.data();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> exact(data, data + size);
  const std::string_view text = headrace::fuzz::view_of(exact);
  std::int64_t ns = 0;
  std::int64_t again = 0;
  if (parse_iso8601(text, ns) == TimeError::kNone) {
    require(parse_iso8601(canonical(ns), again) == TimeError::kNone, "canonical is read", text);
    require(ns == again, "the same instant", text);
  }
  for (const TimeUnit unit :
       {TimeUnit::kSecond, TimeUnit::kMillisecond, TimeUnit::kMicrosecond, TimeUnit::kNanosecond}) {
    if (parse_epoch(text, unit, ns) != TimeError::kNone) continue;
    require(parse_epoch(std::to_string(ns), TimeUnit::kNanosecond, again) == TimeError::kNone,
            "nanoseconds are read", text);
    require(ns == again, "the same count", text);
  }
  if (headrace::decode::parse_int64(text, again) == headrace::decode::NumberError::kNone &&
      parse_epoch(text, TimeUnit::kNanosecond, ns) == TimeError::kNone) {
    require(ns == again, "an integer is itself", text);
  }
  return 0;
}
