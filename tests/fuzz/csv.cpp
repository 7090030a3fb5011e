// CSV rows never disturb one another: a row decoded after any others gives what it gives alone.
#include <optional>

#include <headrace/decode/csv_decoder.hpp>

#include "fuzz_check.hpp"

namespace {

using headrace::decode::BatchBuilder;
using headrace::decode::CsvDecoder;
using headrace::record::DType;
using headrace::record::Field;
using headrace::record::Schema;
using headrace::record::TimeUnit;

headrace::record::SchemaPtr schema() {
  static const auto made = std::make_shared<const Schema>(std::vector<Field>{
      {.name = "k", .type = DType::kString},
      {.name = "x", .type = DType::kFloat64, .nullable = true},
      {.name = "n", .type = DType::kInt64, .nullable = true},
      {.name = "t", .type = DType::kTimestamp, .nullable = true, .unit = TimeUnit::kSecond}});
  return made;
}

std::string row_text(BatchBuilder& builder) {
  builder.commit(0);
  const headrace::record::RecordBatch batch = builder.finish();
  std::string text(batch.column(0).dictionary->text(batch.column(0).values<std::int32_t>()[0]));
  for (std::size_t i = 1; i < 4; ++i) {
    const auto* bytes = reinterpret_cast<const char*>(batch.column(i).data->data());
    text += batch.column(i).is_valid(0) ? std::string(bytes, 8) : "null";
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using headrace::fuzz::require;
  const headrace::decode::DecoderOptions options{.null_values = {"NA", "\\N"}};
  CsvDecoder used(schema(), options);
  BatchBuilder builder(schema(), 4);
  for (const std::vector<char>& row : headrace::fuzz::parts_of(data, size, '\x1E')) {
    const std::string_view text = headrace::fuzz::view_of(row);
    CsvDecoder fresh(schema(), options);
    BatchBuilder alone(schema(), 4);
    const auto verdict = used.append(text, builder);
    const auto expected = fresh.append(text, alone);
    require(verdict.has_value() == expected.has_value(), "same verdict", text);
    if (verdict) {
      require(verdict->detail == expected->detail, "same words", text);
    } else {
      require(row_text(builder) == row_text(alone), "same values", text);
    }
  }
  return 0;
}
