#include <headrace/decode/decoder.hpp>

#include <array>
#include <utility>

#include <headrace/base/nearest.hpp>
#include <headrace/decode/csv_decoder.hpp>
#include <headrace/decode/json_decoder.hpp>

namespace headrace::decode {

base::Result<std::unique_ptr<Decoder>> make_decoder(std::string_view format,
                                                    record::SchemaPtr schema,
                                                    DecoderOptions options) {
  using Made = std::unique_ptr<Decoder>;
  try {
    if (format == "json") return Made(std::make_unique<JsonDecoder>(schema));
    if (format == "csv") return Made(std::make_unique<CsvDecoder>(std::move(schema), options));
  } catch (const base::Exception& wrong) {
    return wrong.error();
  }
  const std::array<std::string, 2> formats{"json", "csv"};
  return base::invalid_argument(base::unknown_name("format", format, formats));
}

}  // namespace headrace::decode
