// JSON to columns in memory against simdjson's on-demand parse alone: one JSON line a variant.
//
// Records of the workload W1 (tests/bench/w1.py) and variants of them lie end to end, as in a
// consumer's buffer. Rounds of ours and of the peer alternate; medians of nanoseconds of this
// thread's CPU time a record, so that what else runs on the machine disturbs less.
//
//   bench_json [records, default 20000] [rounds, default 51] [variant]
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/decode/decoder.hpp>

#include "json_peer.hpp"

namespace {

using headrace::bench::JsonPeer;
using headrace::decode::BatchBuilder;
using headrace::decode::make_decoder;
using headrace::record::DType;
using headrace::record::Field;
using headrace::record::Schema;

struct Style {
  const char* name;
  JsonPeer::Order order = JsonPeer::Order::kSequential;
  bool reversed = false;
  bool shuffled = false;
  bool blanks = false;
  bool escapes = false;
  std::chars_format format = std::chars_format::fixed;
  int digits = 2;  // of prices; 0: shortest text of an unrounded price
  bool any_time = false;
};

constexpr std::array<Style, 8> kStyles{{
    {.name = "json_w1"},
    {.name = "json_reversed_keys", .order = JsonPeer::Order::kReversed, .reversed = true},
    {.name = "json_shuffled_keys", .order = JsonPeer::Order::kAny, .shuffled = true},
    {.name = "json_escapes", .escapes = true},
    {.name = "json_exponents", .format = std::chars_format::scientific, .digits = 4},
    {.name = "json_blanks", .blanks = true},
    {.name = "json_17_digits", .digits = 0},
    {.name = "json_ticks", .any_time = true},
}};

std::string price(double value, const Style& style) {
  std::array<char, 40> text{};
  const auto end = style.digits > 0
                       ? std::to_chars(text.begin(), text.end(), value, style.format, style.digits)
                       : std::to_chars(text.begin(), text.end(), value);
  return {text.begin(), end.ptr};
}

std::string date(std::size_t i, const Style& style, std::mt19937_64& random) {
  std::array<char, 40> text{};
  const std::size_t minute = i / 100;
  const unsigned long milliseconds = style.any_time ? random() % 60'000 : 0;
  const std::size_t shown = style.any_time ? minute + random() % 1000 : minute;
  std::snprintf(text.data(), text.size(), "\"2024-01-%02zuT%02zu:%02zu:%02lu.%03luZ\"",
                shown / 1440 % 28 + 1, shown / 60 % 24, shown % 60, milliseconds / 1000,
                milliseconds % 1000);
  return text.data();
}

std::string ticker(std::size_t i, const Style& style) {
  const char first = static_cast<char>('A' + i / 26);
  const char second = static_cast<char>('A' + i % 26);
  if (style.escapes)
    return std::string("\"") + first + "\\u00" + (i % 2 ? "4b" : "4B") + second + "\\/X\"";
  return std::string("\"Q") + first + second + "X\"";
}

std::string record(std::size_t i, double level, const Style& style, std::mt19937_64& random) {
  using Pair = std::pair<const char*, std::string>;
  const auto near = [&] {
    return price(level * (1.0 + static_cast<double>(random() % 1000) * 1e-5), style);
  };
  std::vector<Pair> fields{{"Date", date(i, style, random)},
                           {"Ticker", ticker(random() % 100, style)},
                           {"Open", near()},
                           {"High", near()},
                           {"Low", near()},
                           {"Close", near()},
                           {"Adj Close", near()},
                           {"Volume", std::to_string(10'000 + random() % 99'990'000)},
                           {"Label", std::to_string(random() % 2)}};
  if (style.reversed) std::reverse(fields.begin(), fields.end());
  if (style.shuffled) std::shuffle(fields.begin(), fields.end(), random);
  std::string text = "{";
  for (const auto& [key, value] : fields) {
    text += std::string(text.size() > 1 ? (style.blanks ? ", \"" : ",\"") : "\"") + key +
            (style.blanks ? "\": " : "\":") + value;
  }
  return text + "}";
}

struct Records {
  std::string bytes;
  std::vector<std::string_view> views;
};

Records make_records(std::size_t count, const Style& style) {
  std::mt19937_64 random(20'240'102);
  std::vector<std::size_t> sizes;
  Records made;
  for (std::size_t i = 0; i < count; ++i) {
    const double level = 20.0 + 10.0 * std::pow(static_cast<double>(random() % 100), 0.75);
    const std::string text = record(i, level, style, random);
    sizes.push_back(text.size());
    made.bytes += text;
  }
  const char* at = made.bytes.data();
  for (const std::size_t size : sizes) {
    made.views.emplace_back(at, size);
    at += size;
  }
  return made;
}

headrace::record::SchemaPtr w1_schema() {
  const auto number = [](const char* name) { return Field{.name = name}; };
  return std::make_shared<const Schema>(
      std::vector<Field>{{.name = "Date", .type = DType::kTimestamp},
                         {.name = "Ticker", .type = DType::kString},
                         number("Open"),
                         number("High"),
                         number("Low"),
                         number("Close"),
                         number("Adj Close"),
                         {.name = "Volume", .type = DType::kInt64}},
      "Date", "Ticker");
}

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <class Run>
double ns_a_record(std::size_t count, Run&& run) {
  const double start = cpu_ns();
  run();
  return (cpu_ns() - start) / static_cast<double>(count);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

double decode_all(const Records& records, headrace::decode::Decoder& decoder,
                  BatchBuilder& builder) {
  double sum = 0;
  std::int64_t offset = 0;
  for (const std::string_view value : records.views) {
    if (decoder.append(value, builder)) std::exit(1);
    builder.commit(offset++);
    if (!builder.full()) continue;
    const headrace::record::RecordBatch batch = builder.finish();
    sum += batch.column(5).values<double>()[0];
  }
  return sum + static_cast<double>(builder.finish().rows());
}

void compare(const Style& style, std::size_t count, std::size_t rounds) {
  const Records records = make_records(count, style);
  const auto schema = w1_schema();
  auto decoder = make_decoder("json", schema).value_or_throw();
  BatchBuilder builder(schema, 4096);
  JsonPeer peer(style.order);
  std::vector<double> ours;
  std::vector<double> theirs;
  double sink = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    ours.push_back(ns_a_record(count, [&] { sink += decode_all(records, *decoder, builder); }));
    theirs.push_back(ns_a_record(count, [&] {
      for (const std::string_view value : records.views) sink += peer.parse(value);
    }));
  }
  if (!std::isfinite(sink)) std::exit(1);
  std::printf(
      "{\"name\": \"%s\", \"value\": %.1f, \"unit\": \"ns/record\", \"peer\": \"%s\", "
      "\"peer_value\": %.1f, \"ratio\": %.3f}\n",
      style.name, median(ours), JsonPeer::name().c_str(), median(theirs),
      median(ours) / median(theirs));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20'000;
  const std::size_t rounds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 51;
  for (const Style& style : kStyles) {
    if (argc <= 3 || std::string_view(argv[3]) == style.name) compare(style, count, rounds);
  }
  return 0;
}
