// Rows as plain values, and the batches made of them: for tests that compare the columnar engine
// with something simple enough to be believed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include <headrace/record/record_batch.hpp>

namespace headrace::test {

// A present value, or nothing. Timestamps are int64.
using Cell = std::optional<std::variant<bool, std::int64_t, double, std::string>>;

struct Table {
  record::SchemaPtr schema;
  std::vector<std::vector<Cell>> rows;  // in schema order
  std::vector<std::uint32_t> keys;      // dense id per row
};

inline record::Column column_of(const Table& table, std::size_t c, std::size_t begin,
                                std::size_t end, const record::DictionaryPtr& words) {
  using record::DType;
  const DType type = table.schema->fields()[c].type;
  const std::size_t rows = end - begin;
  record::Column column = record::Column::make(type, rows);
  if (type == DType::kString) column.dictionary = words;
  for (std::size_t i = 0; i < rows; ++i) {
    const Cell& cell = table.rows[begin + i][c];
    if (!cell) column.set_null(i, rows);
    if (type == DType::kBool) {
      column.mutable_values<std::uint8_t>()[i] = cell && std::get<bool>(*cell) ? 1 : 0;
    } else if (type == DType::kFloat64) {
      column.mutable_values<double>()[i] = cell ? std::get<double>(*cell) : std::nan("");
    } else if (type == DType::kString) {
      column.mutable_values<std::int32_t>()[i] =
          cell ? words->intern(std::get<std::string>(*cell)) : -1;
    } else {
      column.mutable_values<std::int64_t>()[i] = cell ? std::get<std::int64_t>(*cell) : 0;
    }
  }
  return column;
}

// Rows [begin, end) as a batch; offsets are row numbers from 1000. Dictionaries are new with every
// batch unless they are given.
inline record::RecordBatch batch_of(const Table& table, std::size_t begin, std::size_t end,
                                    const std::vector<record::DictionaryPtr>& words = {}) {
  const std::size_t rows = end - begin;
  std::vector<record::Column> columns;
  for (std::size_t c = 0; c < table.schema->size(); ++c) {
    columns.push_back(column_of(table, c, begin, end,
                                words.empty() ? std::make_shared<record::Dictionary>() : words[c]));
  }
  record::RecordBatch batch(table.schema, rows, std::move(columns));
  batch.offsets = record::Buffer::allocate(rows * sizeof(std::int64_t));
  batch.key_ids = record::Buffer::allocate(rows * sizeof(std::uint32_t));
  for (std::size_t i = 0; i < rows; ++i) {
    batch.offsets->as<std::int64_t>()[i] = static_cast<std::int64_t>(1000 + begin + i);
    batch.key_ids->as<std::uint32_t>()[i] = table.keys[begin + i];
  }
  batch.key_count = 1;
  for (std::size_t i = 0; i < end; ++i) {
    batch.key_count = std::max(batch.key_count, table.keys[i] + 1);
  }
  batch.next_offset = static_cast<std::int64_t>(1000 + end);
  if (const int at = table.schema->event_time_index(); at >= 0) {
    batch.event_times = batch.column(static_cast<std::size_t>(at)).data;
  }
  return batch;
}

inline Cell cell_of(const record::Column& column, std::size_t row) {
  using record::DType;
  if (!column.is_valid(row)) return std::nullopt;
  switch (column.type) {
    case DType::kBool:
      return column.values<std::uint8_t>()[row] != 0;
    case DType::kFloat64:
      return column.values<double>()[row];
    case DType::kString:
      return std::string(column.dictionary->text(column.values<std::int32_t>()[row]));
    default:
      return column.values<std::int64_t>()[row];
  }
}

// Equal to the bit, but any NaN equals any NaN.
inline bool same(const Cell& a, const Cell& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a) return true;
  if (const auto* x = std::get_if<double>(&*a)) {
    const auto* y = std::get_if<double>(&*b);
    return y != nullptr &&
           (*x == *y ? std::signbit(*x) == std::signbit(*y) : std::isnan(*x) && std::isnan(*y));
  }
  return *a == *b;
}

// Lengths of batches that cover `rows`: some empty, some of one row, some of thousands.
inline std::vector<std::size_t> random_cuts(std::mt19937& random, std::size_t rows) {
  std::vector<std::size_t> cuts{0};
  while (cuts.back() < rows) {
    const std::size_t most = std::size_t{1} << (random() % 12);
    cuts.push_back(std::min(rows, cuts.back() + random() % (most + 1)));
  }
  return cuts;
}

// Every type, nullable and not, with the values at which things go wrong.
inline Table random_table(std::mt19937& random, std::size_t rows, std::uint32_t keys) {
  using record::DType;
  Table table;
  table.schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "yes", .type = DType::kBool, .nullable = false},
                                 {.name = "maybe", .type = DType::kBool, .nullable = true},
                                 {.name = "i", .type = DType::kInt64, .nullable = false},
                                 {.name = "j", .type = DType::kInt64, .nullable = true},
                                 {.name = "x", .type = DType::kFloat64, .nullable = false},
                                 {.name = "y", .type = DType::kFloat64, .nullable = true},
                                 {.name = "s", .type = DType::kString, .nullable = false},
                                 {.name = "t", .type = DType::kString, .nullable = true},
                                 {.name = "at", .type = DType::kTimestamp, .nullable = false},
                                 {.name = "then", .type = DType::kTimestamp, .nullable = true}});
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  const std::vector<std::int64_t> integers{0, 1, 2, 3, -1, -7, kLow, -(kLow + 1), 1LL << 40};
  const std::vector<double> numbers{0.0,   -0.0,   1.0, 2.0,      0.5,       -3.25,
                                    1e300, 1e-300, 3.0, HUGE_VAL, -HUGE_VAL, std::nan("")};
  const std::vector<std::string> texts{"", "A", "AAPL", "IBM", "a", "AAPM", "\xC3\xA9"};
  const auto pick = [&random](const auto& from) { return from[random() % from.size()]; };
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<Cell> row;
    for (const record::Field& field : table.schema->fields()) {
      if (field.nullable && random() % 4 == 0) {
        row.emplace_back(std::nullopt);
      } else if (field.type == DType::kBool) {
        row.emplace_back(random() % 2 == 0);
      } else if (field.type == DType::kFloat64) {
        row.emplace_back(pick(numbers));
      } else if (field.type == DType::kString) {
        row.emplace_back(pick(texts));
      } else {
        row.emplace_back(pick(integers));
      }
    }
    table.rows.push_back(std::move(row));
    table.keys.push_back(static_cast<std::uint32_t>(random() % keys));
  }
  return table;
}

}  // namespace headrace::test
