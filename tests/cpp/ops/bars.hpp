// A handful of bars by hand, for tests of the steps of a pipeline.
#pragma once

#include <string_view>

#include <headrace/ops/operator.hpp>
#include <headrace/validate/expression.hpp>

#include "support/table.hpp"

namespace headrace::test {

struct Bar {
  std::int64_t at;
  std::string ticker;
  double high;
  double low;
  Cell volume;  // nullable int64
};

inline Table bars(const std::vector<Bar>& rows) {
  using record::DType;
  Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "Date", .type = DType::kTimestamp},
                                 {.name = "Ticker", .type = DType::kString},
                                 {.name = "High", .type = DType::kFloat64},
                                 {.name = "Low", .type = DType::kFloat64},
                                 {.name = "Volume", .type = DType::kInt64, .nullable = true}},
      "Date", "Ticker");
  std::vector<std::string> tickers;
  for (const Bar& bar : rows) {
    const auto seen = std::find(tickers.begin(), tickers.end(), bar.ticker);
    table.keys.push_back(static_cast<std::uint32_t>(seen - tickers.begin()));
    if (seen == tickers.end()) tickers.push_back(bar.ticker);
    table.rows.push_back({bar.at, bar.ticker, bar.high, bar.low, bar.volume});
  }
  return table;
}

inline Table some_bars() {
  return bars({{1, "AAPL", 2.0, 1.0, std::int64_t{10}},
               {2, "IBM", 1.5, 2.0, std::int64_t{20}},
               {3, "AAPL", 3.0, 1.0, std::nullopt},
               {4, "IBM", 5.0, 4.0, std::int64_t{-1}},
               {5, "AAPL", 4.0, 2.0, std::int64_t{50}}});
}

inline record::RecordBatch whole(const Table& table) {
  return batch_of(table, 0, table.rows.size());
}

inline validate::Expression expression(std::string_view json) {
  return validate::parse_expression(json).value_or_throw();
}

inline std::vector<std::int64_t> offsets_of(const record::RecordBatch& batch) {
  const auto offsets = batch.offset_values();
  return {offsets.begin(), offsets.end()};
}

inline std::vector<Cell> cells_of(const record::RecordBatch& batch, std::string_view name) {
  std::vector<Cell> cells;
  const auto column = static_cast<std::size_t>(batch.schema()->index_of(name));
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    cells.push_back(cell_of(batch.column(column), i));
  }
  return cells;
}

}  // namespace headrace::test
