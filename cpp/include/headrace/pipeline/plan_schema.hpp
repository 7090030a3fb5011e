// The schema and the decoder's options as a plan writes them.
//
// Thread contract: pure functions.
//
//   record::Schema schema = parse_schema(R"({"fields": [{"name": "x", "type": "float64"}]})");
#pragma once

#include <string_view>

#include <headrace/decode/decoder.hpp>
#include <headrace/record/schema.hpp>

namespace headrace::pipeline {

// Both throw base::Exception with what was received and what is known.
[[nodiscard]] record::Schema parse_schema(std::string_view json);
[[nodiscard]] decode::DecoderOptions parse_decoder_options(std::string_view json);

}  // namespace headrace::pipeline
