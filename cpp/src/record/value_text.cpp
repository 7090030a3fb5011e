#include <headrace/record/value_text.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>

namespace headrace::record {
namespace {

template <class T>
std::string number_text(T value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

std::string quoted(std::string_view text) {
  if (text.size() <= kMaxValueText) return '"' + std::string(text) + '"';
  std::size_t size = kMaxValueText;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;  // UTF-8
  };
  while (size > 0 && continues(size)) --size;
  return '"' + std::string(text.substr(0, size)) + "...\"";
}

}  // namespace

std::string timestamp_text(std::int64_t ns) {
  using namespace std::chrono;
  const sys_time<nanoseconds> time{nanoseconds{ns}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  // In two steps: the first nanoseconds of the range are before the start of a day that fits.
  const auto within = static_cast<std::int64_t>(
      (static_cast<std::uint64_t>(ns) -
       static_cast<std::uint64_t>(day.time_since_epoch().count()) * 86'400'000'000'000ULL));
  std::int64_t fraction = within % 1'000'000'000;
  const std::int64_t second = within / 1'000'000'000;
  std::array<char, 48> text{};
  int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                           static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                           static_cast<unsigned>(date.day()), static_cast<int>(second / 3600),
                           static_cast<int>(second / 60 % 60), static_cast<int>(second % 60));
  std::string result(text.data(), static_cast<std::size_t>(size));
  if (fraction != 0) {
    int digits = 9;
    for (; fraction % 1000 == 0; fraction /= 1000) digits -= 3;
    size = std::snprintf(text.data(), text.size(), ".%0*d", digits, static_cast<int>(fraction));
    result.append(text.data(), static_cast<std::size_t>(size));
  }
  return result + 'Z';
}

std::string duration_text(std::uint64_t ns) {
  struct Unit {
    std::string_view name;
    std::uint64_t ns;
  };
  static constexpr Unit kLarge[] = {
      {"d", 86'400'000'000'000ULL}, {"h", 3'600'000'000'000ULL}, {"m", 60'000'000'000ULL}};
  static constexpr Unit kSmall[] = {
      {"s", 1'000'000'000ULL}, {"ms", 1'000'000ULL}, {"us", 1'000ULL}, {"ns", 1ULL}};
  std::string text;
  for (const Unit& unit : kLarge) {
    if (ns >= unit.ns) text.append(std::to_string(ns / unit.ns)).append(unit.name);
    ns %= unit.ns;
  }
  if (ns == 0) return text.empty() ? "0s" : text;
  for (const Unit& unit : kSmall) {
    if (ns < unit.ns && text.empty()) continue;
    text += std::to_string(ns / unit.ns);
    if (std::uint64_t rest = ns % unit.ns; rest != 0) {
      std::string digits = std::to_string(unit.ns + rest).substr(1);  // with its leading zeros
      digits.erase(digits.find_last_not_of('0') + 1);
      text.append(".").append(digits);
    }
    return text.append(unit.name);
  }
  return text;
}

std::string value_text(const Column& column, std::size_t row) {
  if (!column.is_valid(row)) return "null";
  switch (column.type) {
    case DType::kBool:
      return column.values<std::uint8_t>()[row] != 0 ? "true" : "false";
    case DType::kInt64:
      return number_text(column.values<std::int64_t>()[row]);
    case DType::kFloat64:
      return number_text(column.values<double>()[row]);
    case DType::kTimestamp:
      return timestamp_text(column.values<std::int64_t>()[row]);
    case DType::kString:
      break;
  }
  return quoted(column.dictionary->text(column.values<std::int32_t>()[row]));
}

}  // namespace headrace::record
