// A table that never changes, with the places of its rows by key: what stream-static joins look in.
//
// Made once for a stream; the operators of all its tasks share it. Rows whose key holds a null (or
// NaN) are found by nobody.
//
// Thread contract: immutable, any thread.
// Cost: a hash table's look-up, 20-50 ns; making it, about 100 ns a row. Memory is the columns, 4
//   bytes a row, and 28 and its bytes a key.
// Lifetime: matches() is valid as long as the table lives.
//
//   auto table = StaticTable::create(std::move(batch), {"Ticker"}).value_or_throw();
//   for (const std::uint32_t row : table->matches(bytes)) ...
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class StaticTable {
 public:
  // An error where a column of `on` is unknown, or there is none.
  [[nodiscard]] static base::Result<std::shared_ptr<const StaticTable>> create(
      record::RecordBatch rows, std::vector<std::string> on);

  [[nodiscard]] const record::RecordBatch& rows() const noexcept { return rows_; }
  [[nodiscard]] const std::vector<std::string>& on() const noexcept { return on_; }
  // What a plan calls it: of columns, rows and key, so that a plan's text says what is computed.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  // Rows of a key (as JoinKey has it), in their order.
  [[nodiscard]] std::span<const std::uint32_t> matches(std::string_view key) const noexcept;

 private:
  StaticTable(record::RecordBatch rows, std::vector<std::string> on)
      : rows_(std::move(rows)), on_(std::move(on)) {}
  void index(std::vector<std::size_t> columns);
  void name();

  record::RecordBatch rows_;
  std::vector<std::string> on_;
  std::string id_;
  record::Dictionary keys_;
  std::vector<std::uint32_t> row_numbers_;  // key by key
  std::vector<std::size_t> starts_;         // of each key in row_numbers_, and their end
};

using StaticTablePtr = std::shared_ptr<const StaticTable>;

}  // namespace headrace::ops
