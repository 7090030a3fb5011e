// Our verdict on well-formedness against simdjson's document parser, which knows nothing of ours.
#include <simdjson.h>

#include <headrace/decode/json_document.hpp>

#include "fuzz_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using headrace::fuzz::require;
  using headrace::record::RejectReason;
  if (size == 0) return 0;  // simdjson copies from nowhere
  const std::vector<char> exact(data, data + size);
  const std::string_view text = headrace::fuzz::view_of(exact);
  const auto verdict = headrace::decode::json_verdict(text);
  static simdjson::dom::parser parser;
  const simdjson::error_code theirs = parser.parse(text.data(), text.size()).error();
  switch (theirs) {
    case simdjson::SUCCESS:
      // Stricter are we in two things: the depth, and surrogates without a partner.
      require(!verdict || verdict->reason == RejectReason::kDepth ||
                  verdict->reason == RejectReason::kUtf8,
              "what simdjson takes, we take", text);
      break;
    case simdjson::NUMBER_ERROR:  // its numbers must fit 64 bits, ours need not
    case simdjson::DEPTH_ERROR:
      break;
    default:
      require(verdict.has_value(), "what simdjson rejects, we reject", text);
  }
  return 0;
}
