// One CSV row (RFC 4180) a message to one row of columns.
//
// Fields may be quoted; a quote within is doubled; a quoted field may hold delimiters and line
// ends. One line end after the row is allowed, a second row is not. Quoting says nothing about
// types: an empty field is null, but "" is an empty text in a string column. Numbers and timestamps
// follow the same rules as in JSON (a timestamp column with a unit takes a number or ISO 8601
// text); bool is true or false, also with a capital or in capitals. NaN and infinities are
// rejected.
//
// Thread contract: one ingest thread.
// Cost: about 3 ns a byte; no allocation a row once warm.
//
//   CsvDecoder decoder(schema, {.delimiter = ';', .csv_columns = {"time", "price"}});
//   if (auto bad = decoder.append("2024-01-02;187.15", builder)) reject(*bad);
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <headrace/decode/decoder.hpp>
#include <headrace/decode/field_writer.hpp>

namespace headrace::decode {

class CsvDecoder final : public Decoder {
 public:
  // Throws where a required column of the schema is not among `options.csv_columns`, where these
  // name a column twice, or where the delimiter is a quote or a line end.
  CsvDecoder(record::SchemaPtr schema, const DecoderOptions& options);

  [[nodiscard]] std::optional<DecodeFailure> append(std::string_view value,
                                                    BatchBuilder& builder) override;

 private:
  // A field of the row; without its quotes, and with its own in place where it had any.
  struct Cell {
    std::string_view text;
    bool quoted = false;
  };

  void bind(const std::vector<std::string>& names);
  [[nodiscard]] std::optional<DecodeFailure> split(std::string_view row);
  [[nodiscard]] const char* take_quoted(const char* at, const char* last, Cell& cell);
  [[nodiscard]] std::optional<DecodeFailure> fill(BatchBuilder& builder);
  [[nodiscard]] Refusal write(const record::Field& field, std::size_t column, const Cell& cell,
                              BatchBuilder& builder);

  record::SchemaPtr schema_;
  char delimiter_;
  std::vector<int> columns_;         // of each field of the file; -1: not asked for
  std::vector<std::size_t> absent_;  // nullable columns that the file does not have
  std::vector<Cell> cells_;
  std::vector<std::string> unquoted_;  // homes of fields with doubled quotes, by field
  RowTexts texts_;
};

}  // namespace headrace::decode
