#include <headrace/pipeline/plan_json.hpp>
#include <headrace/pipeline/plan_schema.hpp>

#include <algorithm>
#include <utility>

namespace headrace::pipeline {
namespace {

using record::Field;
using record::TimeUnit;
using simdjson::dom::element;

base::Exception schema_error(std::string message) {
  return base::Exception(
      {.code = base::ErrorCode::kSchema, .message = "schema: " + std::move(message)});
}

constexpr std::string_view kList = "list";

// Everything but the items of a list. `name` is what the field is called in messages.
Field parse_plain(const JsonObject& object, const std::string& name) {
  static const std::vector<std::string> kUnits{"auto", "s", "ms", "us", "ns"};
  Field field;
  field.name = object.text("name");
  const std::string type_name = object.text("type");
  base::Result<record::DType> type = record::dtype_from_name(
      type_name == kList ? record::name_of(record::DType::kString) : type_name);
  if (!type) throw schema_error("column \"" + name + "\": " + type.error().message);
  field.type = *type;
  field.nullable = object.truth("nullable", false);
  field.unit = static_cast<TimeUnit>(object.choice("unit", kUnits, 0));
  if (field.unit != TimeUnit::kAuto && field.type != record::DType::kTimestamp) {
    throw schema_error("column \"" + name + "\": only a timestamp has a unit");
  }
  if (object.find("path")) field.path = object.texts("path");
  for (const std::string& key : field.path) {
    if (key.empty()) throw schema_error("column \"" + name + "\": a path has no empty keys");
  }
  return field;
}

// What the elements of a list are: one field without a name, or fields of objects.
std::vector<Field> parse_items(const JsonObject& list, const std::string& name) {
  std::vector<Field> items;
  for (const element& json : list.list("items")) {
    const JsonObject object(json, "schema field", {"name", "type", "nullable", "unit", "path"});
    if (object.text("type") == kList) {
      throw schema_error("column \"" + name + "\": a list in a list is not supported");
    }
    items.push_back(parse_plain(object, name + "." + object.text("name")));
  }
  const auto unnamed = std::count_if(items.begin(), items.end(),
                                     [](const Field& item) { return item.name.empty(); });
  if (items.empty() || (unnamed > 0 && items.size() > 1)) {
    throw schema_error("column \"" + name +
                       "\": items: expected one field without a name, or fields with names");
  }
  return items;
}

Field parse_field(const element& json) {
  const JsonObject object(json, "schema field",
                          {"name", "type", "nullable", "unit", "path", "items"});
  const std::string name = object.text("name");
  if (name.empty()) throw schema_error("a column needs a name");
  Field field = parse_plain(object, name);
  if (object.text("type") == kList) field.items = parse_items(object, name);
  return field;
}

}  // namespace

record::Schema parse_schema(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    throw schema_error("not JSON");
  }
  const JsonObject object(root, "schema", {"fields", "event_time", "key"});
  std::vector<Field> fields;
  for (const element& field : object.list("fields")) fields.push_back(parse_field(field));
  if (fields.empty()) throw schema_error("expected at least one column");
  return record::Schema(std::move(fields), object.text_if("event_time"), object.text_if("key"));
}

decode::DecoderOptions parse_decoder_options(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    throw plan_error("format_options: not JSON");
  }
  const JsonObject object(root, "format_options", {"delimiter", "columns", "null_values"});
  decode::DecoderOptions options;
  if (const std::optional<std::string> delimiter = object.text_if("delimiter")) {
    if (delimiter->size() != 1) {
      throw object.wrong("delimiter", "one ASCII character", object.require("delimiter"));
    }
    options.delimiter = (*delimiter)[0];
  }
  if (object.find("columns")) options.csv_columns = object.texts("columns");
  if (object.find("null_values")) options.null_values = object.texts("null_values");
  return options;
}

}  // namespace headrace::pipeline
