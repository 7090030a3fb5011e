// Schemas and decoders' options of a plan: what is accepted, written out and read again, is the
// same; what is refused is refused in words.
#include <headrace/pipeline/plan_schema.hpp>

#include "fuzz_check.hpp"
#include "json_text.hpp"

namespace {

using namespace headrace;
using fuzz::quoted;
using fuzz::quoted_list;
using fuzz::require;
using record::Field;
using record::Schema;

std::string text_of(const std::vector<Field>& fields);

std::string text_of(const Field& field) {
  constexpr std::string_view kUnits[] = {"auto", "s", "ms", "us", "ns"};
  const std::string_view type = field.is_list() ? "list" : record::name_of(field.type);
  std::string json = "{\"name\":" + quoted(field.name) + ",\"type\":" + quoted(type);
  json += std::string(",\"nullable\":") + (field.nullable ? "true" : "false");
  json += ",\"unit\":" + quoted(kUnits[static_cast<std::size_t>(field.unit)]);
  if (!field.path.empty()) json += ",\"path\":" + quoted_list(field.path);
  if (field.is_list()) json += ",\"items\":" + text_of(field.items);
  return json + "}";
}

std::string text_of(const std::vector<Field>& fields) {
  std::string json;
  for (const Field& field : fields) json += (json.empty() ? "" : ",") + text_of(field);
  return "[" + json + "]";
}

std::string text_of(const Schema& schema) {
  std::string json = "{\"fields\":" + text_of(schema.fields());
  const auto add = [&](const char* key, int index) {
    if (index < 0) return;
    json += std::string(",\"") + key +
            "\":" + quoted(schema.fields()[static_cast<std::size_t>(index)].name);
  };
  add("event_time", schema.event_time_index());
  add("key", schema.key_index());
  return json + "}";
}

std::string text_of(const decode::DecoderOptions& options) {
  return "{\"delimiter\":" + quoted(std::string_view(&options.delimiter, 1)) +
         ",\"columns\":" + quoted_list(options.csv_columns) +
         ",\"null_values\":" + quoted_list(options.null_values) + "}";
}

// A decoder of it, or words why there is none; it survives a record.
void try_decoder(const char* format, const Schema& schema, const decode::DecoderOptions& options) {
  const auto shared = std::make_shared<const Schema>(schema);
  const auto decoder = decode::make_decoder(format, shared, options);
  if (!decoder) return require(!decoder.error().message.empty(), "a decoder is refused in words");
  decode::BatchBuilder builder(shared, 1);
  const auto bad = (*decoder)->append(R"({"a":1})", builder);
  require(!bad || !bad->detail.empty(), "a record is refused in words");
}

template <class Parse>
auto parsed(std::string_view text, Parse parse) -> std::optional<decltype(parse(text))> {
  try {
    return parse(text);
  } catch (const base::Exception& exception) {
    require(!exception.error().message.empty(), "refused in words", text);
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> exact(data, data + size);
  const std::string_view text = fuzz::view_of(exact);
  if (const auto schema = parsed(text, pipeline::parse_schema)) {
    const std::string written = text_of(*schema);
    require(text_of(pipeline::parse_schema(written)) == written, "a schema as it was read", text);
    try_decoder("json", *schema, {});
    try_decoder("csv", *schema, {.csv_columns = {}, .null_values = {"NA"}});
  }
  if (const auto options = parsed(text, pipeline::parse_decoder_options)) {
    const std::string written = text_of(*options);
    require(text_of(pipeline::parse_decoder_options(written)) == written,
            "options as they were read", text);
  }
  return 0;
}
