// CSV rows never disturb one another: a row decoded after any others gives what it gives alone. The
// input is a list of rows, separated by the byte 0x1E.
#include <optional>

#include <headrace/decode/csv_decoder.hpp>

#include "every_type.hpp"
#include "same_rows.hpp"

namespace {

using headrace::decode::BatchBuilder;
using headrace::decode::CsvDecoder;

headrace::record::SchemaPtr schema() {
  static const auto made =
      std::make_shared<const headrace::record::Schema>(headrace::fuzz::every_type(), "t", "k");
  return made;
}

// In the order of the seeds, which is not that of the schema, with a field that nobody asked for.
const headrace::decode::DecoderOptions& options() {
  static const headrace::decode::DecoderOptions made{
      .csv_columns = {"k", "x", "n", "t", "b", "other", "y", "s", "sec", "ms", "us", "ns"},
      .null_values = {"NA", "\\N"}};
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using headrace::fuzz::require;
  CsvDecoder used(schema(), options());
  BatchBuilder builder(schema(), 4);
  BatchBuilder alone(schema(), 4);
  for (const std::vector<char>& row : headrace::fuzz::parts_of(data, size, '\x1E')) {
    const std::string_view text = headrace::fuzz::view_of(row);
    CsvDecoder fresh(schema(), options());
    const auto verdict = used.append(text, builder);
    const auto expected = fresh.append(text, alone);
    require(verdict.has_value() == expected.has_value(), "same verdict", text);
    if (verdict) {
      require(verdict->reason == expected->reason && verdict->field == expected->field,
              "same reason", text);
      require(verdict->detail == expected->detail, "same words", text);
      continue;
    }
    builder.commit(0);
    alone.commit(0);
    headrace::fuzz::require_same(builder.finish(), alone.finish());
  }
  return 0;
}
