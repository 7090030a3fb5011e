// From the bytes of a message to one more row of typed columns.
//
// A decoder fills a BatchBuilder row by row straight from borrowed bytes; a record that is not as
// the schema says leaves no trace in the columns and becomes a Reject. Decoding is a pure function
// of the bytes and the schema: which path was taken (shape guess or careful parse) never shows.
//
// Thread contract: one ingest thread owns decoder and builder.
// Cost: no allocation a record once warm (dictionary entries and rejects apart).
//
//   auto decoder = make_decoder("json", schema).value_or_throw();
//   BatchBuilder builder(schema, 4096);
//   if (std::optional<DecodeFailure> bad = decoder->append(bytes, builder)) reject(*bad);
//   else builder.commit(offset);
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
  // Fills the current row of `builder`, which the caller then commits with the record's offset; or
  // says why not, and the row is as if nothing had been written. `builder` must not be full and is
  // of the decoder's schema.
  [[nodiscard]] virtual std::optional<DecodeFailure> append(std::string_view value,
                                                            BatchBuilder& builder) = 0;
};

struct DecoderOptions {
  char delimiter = ',';                  // csv
  std::vector<std::string> csv_columns;  // names in file order; empty: schema order
  std::vector<std::string> null_values;  // csv: spellings of null beside the empty field
};

// `format`: "json" or "csv" (RFC 4180). Unknown formats are an error, and so are a schema that
// reads the same place of a message twice and a required column that `csv_columns` does not name.
[[nodiscard]] base::Result<std::unique_ptr<Decoder>> make_decoder(std::string_view format,
                                                                  record::SchemaPtr schema,
                                                                  DecoderOptions options = {});

}  // namespace headrace::decode
