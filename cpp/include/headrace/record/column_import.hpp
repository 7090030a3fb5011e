// Rows of a foreign table (DataFrame, Arrow) to record batches of a given schema.
//
// Columns are found by the field's name, else by its dotted path ("quote.close"); others are
// ignored. A row that does not fit is rejected with field and reason, and the rest of its batch is
// kept: record/column_cast.hpp has the rules. Offsets are row numbers.
//
// Thread contract: one thread at a time.
// Cost: 1-2 ns a number, about 10 ns a text, and the copy into columns of our own.
//
//   ColumnImporter importer(schema, parse_time);
//   if (base::Status s = importer.bind(table); !s) return s;
//   RecordBatch batch = importer.rows(table, 0, 4096, 0, rejects);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/record/column_cast.hpp>
#include <headrace/record/foreign_column.hpp>
#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::record {

class ColumnImporter {
 public:
  // Beyond this many bytes of text a column's dictionary is closed and a new one begun.
  static constexpr std::size_t kDictionaryCap = 8U << 20U;

  explicit ColumnImporter(SchemaPtr schema, TimeParser parse_time = {});

  // Finds the fields in a table of these columns; refuses types that can't be meant. To be called
  // again when the columns change (other names, order or kinds).
  [[nodiscard]] base::Status bind(const ForeignTable& table);

  // Rows first .. first+n of the table last bound, without those that are appended to `rejects`.
  // The row `first` has the offset `first_offset`; the batch's next_offset is past all n. Key ids
  // are the caller's to set.
  [[nodiscard]] RecordBatch rows(const ForeignTable& table, std::size_t first, std::size_t n,
                                 std::int64_t first_offset, Rejects& rejects);

  // The column of the bound table that a field is read from; null where it has none. Borrowed from
  // `table`.
  [[nodiscard]] const ForeignColumn* source_of(std::size_t field,
                                               const ForeignTable& table) const noexcept {
    return sources_[field] == kAbsent ? nullptr
                                      : &table.columns[static_cast<std::size_t>(sources_[field])];
  }

 private:
  static constexpr int kAbsent = -1;

  [[nodiscard]] Reject reject_of(const ForeignTable& table, std::size_t row,
                                 const RowMarks::Mark& mark) const;
  void renew_dictionaries();

  SchemaPtr schema_;
  TimeParser parse_time_;
  std::vector<int> sources_;  // column of the table for each field
  std::vector<DictionaryPtr> dictionaries_;
};

}  // namespace headrace::record
