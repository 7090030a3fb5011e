// An Arrow C stream, read batch by batch as foreign columns.
//
// Understood: bool, integers, float32/64, utf8, large_utf8, utf8_view, dictionaries of those with
// any integer index, timestamps of any unit and zone, date32/64, null, and structs of all that,
// whose fields become columns with dotted names. Other columns pass as kOther and matter only to
// who asks for them.
//
// Thread contract: one thread at a time; the producer's callbacks run on it.
// Cost: a description per column and batch; values stay where they are. Dictionaries are indexed
//   once a batch.
// Lifetime: a table's columns share ownership of their batch, which is released with the last.
//
//   auto reader = ArrowReader::open(&stream).value_or_throw();   // takes the stream over
//   while (auto table = reader->next().value_or_throw()) use(*table);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <headrace/record/arrow_abi.h>
#include <headrace/base/error.hpp>
#include <headrace/record/foreign_column.hpp>

namespace headrace::record {

class ArrowReader {
 public:
  // Moves the stream out of `stream` in any case, whose release is NULL afterwards.
  [[nodiscard]] static base::Result<std::unique_ptr<ArrowReader>> open(ArrowArrayStream* stream);
  ~ArrowReader();
  ArrowReader(const ArrowReader&) = delete;
  ArrowReader& operator=(const ArrowReader&) = delete;

  // The next batch, or nothing at the end of the stream.
  [[nodiscard]] base::Result<std::optional<ForeignTable>> next();
  // The columns, without rows: to check types before the first batch.
  [[nodiscard]] const ForeignTable& columns() const noexcept { return columns_; }

 private:
  explicit ArrowReader(ArrowArrayStream stream) noexcept : stream_(stream) {}
  [[nodiscard]] base::Status read_schema();
  [[nodiscard]] base::Error failure(int code, const char* what);

  // Where a column's array is, and what its dictionary holds.
  struct Place {
    std::vector<std::size_t> path;  // child of child of ... the root
    ForeignKind words = ForeignKind::kNull;
  };
  void collect_columns(const ArrowSchema& schema, const std::string& prefix,
                       std::vector<std::size_t>& path);

  ArrowArrayStream stream_;
  ForeignTable columns_;
  std::vector<Place> places_;
};

}  // namespace headrace::record
