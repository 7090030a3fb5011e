// Lists of JSON: what is found good where a record is decoded is what can be taken apart later, and
// the elements are the same either way. The input is the text of a list.
#include <optional>
#include <string>

#include <headrace/decode/json_decoder.hpp>
#include <headrace/decode/json_list.hpp>

#include "every_type.hpp"
#include "same_rows.hpp"

namespace {

using headrace::decode::BatchBuilder;
using headrace::decode::DecodeFailure;
using headrace::decode::JsonListReader;
using headrace::fuzz::require;
using headrace::record::Field;
using headrace::record::RecordBatch;
using headrace::record::RejectReason;

std::optional<DecodeFailure> rows_of(const Field& list, std::string_view text, RecordBatch& rows) {
  JsonListReader reader(list);
  BatchBuilder builder(reader.row_schema(), 2);
  std::optional<DecodeFailure> bad = reader.read(text, builder);
  rows = builder.finish();
  return bad;
}

// The text that a column of lists has for it; nothing where the record is refused.
std::optional<std::string> kept(const Field& list, std::string_view text) {
  const auto schema = std::make_shared<const headrace::record::Schema>(std::vector<Field>{list});
  headrace::decode::JsonDecoder decoder(schema);
  BatchBuilder builder(schema, 1);
  const std::string record = "{\"" + list.name + "\":" + std::string(text) + "}";
  if (const auto bad = decoder.append(record, builder)) {
    require(bad->reason == RejectReason::kDepth, "a good list is good in a record", text);
    return std::nullopt;
  }
  builder.commit(0);
  const RecordBatch batch = builder.finish();
  const headrace::record::Column& column = batch.column(0);
  require(column.is_valid(0), "a list is not null", text);
  return std::string(column.dictionary->text(column.values<std::int32_t>()[0]));
}

void check(const Field& list, std::string_view text) {
  RecordBatch rows;
  const auto checked = JsonListReader(list).check(text);
  const auto read = rows_of(list, text, rows);
  require(checked.has_value() == read.has_value(), "checked as it is read", text);
  if (checked) {
    require(checked->reason == read->reason && checked->detail == read->detail, "same words", text);
    return;
  }
  const std::optional<std::string> in_column = kept(list, text);
  if (!in_column) return;
  RecordBatch again;
  require(!rows_of(list, *in_column, again), "what was kept is good", text);
  headrace::fuzz::require_same(rows, again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Field numbers = headrace::fuzz::list_of_numbers();
  static const Field objects = headrace::fuzz::list_of_objects();
  const std::vector<char> exact(data, data + size);
  check(numbers, headrace::fuzz::view_of(exact));
  check(objects, headrace::fuzz::view_of(exact));
  return 0;
}
