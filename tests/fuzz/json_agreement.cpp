// The JSON decoder, with shapes learnt from good records, against the careful reader alone: the
// same verdict, reason and words, and for accepted records the same bits. The input is a list of
// records, separated by the byte 0x1E; what the decoder learns from one shows in the next.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include <headrace/decode/json_decoder.hpp>

#include "fuzz_check.hpp"

namespace {

using headrace::decode::BatchBuilder;
using headrace::decode::DecodeFailure;
using headrace::fuzz::require;
using headrace::record::Column;
using headrace::record::DType;
using headrace::record::Field;
using headrace::record::RecordBatch;
using headrace::record::Schema;
using headrace::record::TimeUnit;

headrace::record::SchemaPtr schema() {
  static const auto made = std::make_shared<const Schema>(
      std::vector<Field>{
          {.name = "t", .type = DType::kTimestamp},
          {.name = "k", .type = DType::kString},
          {.name = "x", .type = DType::kFloat64},
          {.name = "n", .type = DType::kInt64},
          {.name = "b", .type = DType::kBool, .nullable = true},
          {.name = "y", .type = DType::kFloat64, .nullable = true},
          {.name = "s", .type = DType::kString, .nullable = true},
          {.name = "ms",
           .type = DType::kTimestamp,
           .nullable = true,
           .unit = TimeUnit::kMillisecond},
          {.name = "close", .type = DType::kFloat64, .nullable = true, .path = {"q", "close"}}},
      "t", "k");
  return made;
}

constexpr std::array<std::string_view, 5> kLessons{
    R"({"t":"2024-01-02T09:30:00.000Z","k":"AAPL","x":187.15,"n":82488700,"b":true,"y":-0.5,"s":"long enough a text","ms":1704187800000,"u":1})",
    R"({"t": "2024-01-02T09:30:00.000Z", "k": "AAPL", "x": 187.15, "n": 1, "y": null})",
    R"({"t":"2024-01-02","k":"a","x":1,"n":0,"q":{"open":1.5,"close":2.5,"z":[1,"two",null]}})",
    R"({"x":1e-3,"k":"\u00e9\n","n":-5,"t":"2024-01-02 09:30:00+01:00","s":"é"} )",
    R"({"k":"","a_key_of_more_than_sixteen_bytes":"skipped \\ text","x":0,"n":9223372036854775807,"t":"2024-01-02"})"};

void compare(const Column& a, const Column& b, std::size_t rows) {
  const std::size_t width = headrace::record::width_of(a.type);
  for (std::size_t row = 0; row < rows; ++row) {
    require(a.is_valid(row) == b.is_valid(row), "same validity");
    if (a.type == DType::kString) {
      if (!a.is_valid(row)) continue;
      require(a.dictionary->text(a.values<std::int32_t>()[row]) ==
                  b.dictionary->text(b.values<std::int32_t>()[row]),
              "same text");
    } else {
      require(std::memcmp(a.data->data() + row * width, b.data->data() + row * width, width) == 0,
              "same bits");
    }
  }
}

void compare(const RecordBatch& a, const RecordBatch& b) {
  require(a.rows() == b.rows(), "same rows");
  for (std::size_t i = 0; i < a.columns().size(); ++i) {
    compare(a.column(i), b.column(i), a.rows());
  }
  for (std::size_t row = 0; row < a.rows(); ++row) {
    require(a.key_id(row) == b.key_id(row), "same key");
  }
}

bool same(const std::optional<DecodeFailure>& a, const std::optional<DecodeFailure>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->reason == b->reason && a->field == b->field && a->detail == b->detail;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto records = headrace::fuzz::parts_of(data, size, '\x1E');
  headrace::decode::JsonDecoder decoder(schema());
  headrace::decode::JsonRowReader careful(schema());
  BatchBuilder ours(schema(), kLessons.size() + records.size());
  BatchBuilder theirs(schema(), kLessons.size() + records.size());
  const auto feed = [&](std::string_view text) {
    const auto verdict = decoder.append(text, ours);
    require(same(verdict, careful.read(text, theirs)), "same verdict", text);
    if (verdict) return false;
    ours.commit(0);
    theirs.commit(0);
    return true;
  };
  for (const std::string_view lesson : kLessons) require(feed(lesson), "lessons are good", lesson);
  for (const std::vector<char>& record : records) feed(headrace::fuzz::view_of(record));
  compare(ours.finish(), theirs.finish());
  return 0;
}
