// One CSV row (RFC 4180) a message to one row of columns.
//
// Fields may be quoted; a quote within is doubled; a quoted field may hold delimiters and line
// ends. One line end after the row is allowed, a second row is not. An empty field is null, and so
// is one that spells a null value of the options; quoting says nothing about types, but makes a
// text of both in a string column. Numbers and timestamps follow the same rules as in JSON (a
// timestamp column with a unit takes a number or ISO 8601 text), except that an int64 may be
// written as a whole float, `2354.0`. bool is true or false, yes or no, t, f, y or n in any case,
// or a number that is 1 or 0. NaN and infinities are rejected, unless they are a null value.
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
  [[nodiscard]] bool is_null(const record::Field& field, const Cell& cell) const noexcept;
  [[nodiscard]] std::optional<DecodeFailure> split(std::string_view row);
  [[nodiscard]] const char* take_quoted(const char* at, const char* last, Cell& cell);
  [[nodiscard]] std::optional<DecodeFailure> fill(BatchBuilder& builder);
  [[nodiscard]] Refusal write(const record::Field& field, std::size_t column, const Cell& cell,
                              BatchBuilder& builder);

  record::SchemaPtr schema_;
  char delimiter_;
  std::vector<std::string> nulls_;
  std::size_t longest_null_ = 0;
  std::vector<int> columns_;         // of each field of the file; -1: not asked for
  std::vector<std::size_t> absent_;  // nullable columns that the file does not have
  std::vector<Cell> cells_;
  std::vector<std::string> unquoted_;  // homes of fields with doubled quotes, by field
  RowTexts texts_;
};

}  // namespace headrace::decode
