// JSON objects to rows: the quick reader first, the careful one where that does not know the
// record.
//
// Verdict, reason and bits are the careful reader's in every case (differential fuzzing holds this:
// tests/fuzz/fuzz_json_agreement.cpp), so which of the two it was never shows.
//
// Thread contract: one ingest thread.
// Cost: 0.5 ns a byte for records of a known shape, about 5 ns a byte else.
//
//   JsonDecoder decoder(schema);
//   if (auto bad = decoder.append(bytes, builder)) reject(*bad);
#pragma once

#include <headrace/decode/json_quick.hpp>

namespace headrace::decode {

class JsonDecoder final : public Decoder {
 public:
  // Throws SchemaError where two columns read the same place.
  explicit JsonDecoder(const record::SchemaPtr& schema) : quick_(schema), careful_(schema) {}

  [[nodiscard]] std::optional<DecodeFailure> append(std::string_view value,
                                                    BatchBuilder& builder) override {
    if (quick_.read(value, builder)) return std::nullopt;
    std::optional<DecodeFailure> bad = careful_.read(value, builder);
    if (!bad) quick_.learn(careful_);
    return bad;
  }

 private:
  QuickReader quick_;
  JsonRowReader careful_;
};

}  // namespace headrace::decode
