// The JSON decoder, with shapes learnt from good records, against the careful reader alone: the
// same verdict, reason and words, and for accepted records the same bits. The input is a list of
// records, separated by the byte 0x1E; what the decoder learns from one shows in the next.
#include <algorithm>
#include <array>
#include <optional>

#include <headrace/decode/json_decoder.hpp>

#include "every_type.hpp"
#include "same_rows.hpp"

namespace {

using headrace::decode::BatchBuilder;
using headrace::decode::DecodeFailure;
using headrace::fuzz::require;
using headrace::record::DType;
using headrace::record::Field;
using headrace::record::Schema;

headrace::record::SchemaPtr schema() {
  static const auto made = [] {
    std::vector<Field> fields = headrace::fuzz::every_type();
    fields.push_back(
        {.name = "close", .type = DType::kFloat64, .nullable = true, .path = {"q", "close"}});
    fields.push_back(headrace::fuzz::list_of_numbers());
    fields.push_back(headrace::fuzz::list_of_objects());
    return std::make_shared<const Schema>(std::move(fields), "t", "k");
  }();
  return made;
}

constexpr std::array<std::string_view, 5> kLessons{
    R"({"t":"2024-01-02T09:30:00.000Z","k":"AAPL","x":187.15,"n":82488700,"b":true,"y":-0.5,"s":"long enough a text","ms":1704187800000,"u":1})",
    R"({"t": "2024-01-02T09:30:00.000Z", "k": "AAPL", "x": 187.15, "n": 1, "y": null})",
    R"({"t":"2024-01-02","k":"a","x":1,"n":0,"q":{"open":1.5,"close":2.5,"z":[1,"two",null]}})",
    R"({"x":1e-3,"k":"\u00e9\n","n":-5,"t":"2024-01-02 09:30:00+01:00","s":"é"} )",
    R"({"k":"","a_key_of_more_than_sixteen_bytes":"skipped \\ text","x":0,"n":9223372036854775807,"t":"2024-01-02"})"};

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
  headrace::fuzz::require_same(ours.finish(), theirs.finish());
  return 0;
}
