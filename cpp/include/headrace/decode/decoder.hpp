// From the bytes of a message to one more row of typed columns.
//
// A decoder fills a BatchBuilder row by row straight from borrowed bytes; a record that is not as the
// schema says leaves no trace in the columns and becomes a Reject. Decoding is a pure function of
// the bytes and the schema: which path was taken (shape guess or careful parse) never shows.
//
// Thread contract: one ingest thread owns decoder and builder.
// Cost: no allocation a record once warm (dictionary entries and rejects apart).
//
//   JsonDecoder decoder(schema);
//   BatchBuilder builder(schema, 4096);
//   if (std::optional<DecodeFailure> bad = decoder.append(bytes, builder)) reject(*bad);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/decode/batch_builder.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::decode {

struct DecodeFailure {
  record::RejectReason reason = record::RejectReason::kInvalidJson;
  std::string field;
  std::string detail;
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Adds one row to `builder`, or leaves it as it was and says why.
  [[nodiscard]] virtual std::optional<DecodeFailure> append(std::string_view value,
                                                            BatchBuilder& builder) = 0;
};

struct DecoderOptions {
  char delimiter = ',';                   // csv
  std::vector<std::string> csv_columns;   // names in file order; empty: schema order
};

// `format`: "json" or "csv" (RFC 4180). Unknown formats are an error.
[[nodiscard]] base::Result<std::unique_ptr<Decoder>> make_decoder(std::string_view format,
                                                                  record::SchemaPtr schema,
                                                                  DecoderOptions options = {});

}  // namespace headrace::decode
