// What the decode tests share: the schema of the workload, its records, and rows to compare.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/decode/batch_builder.hpp>

namespace headrace::test {

// The bytes on a heap block of their own size, where AddressSanitizer sees every read past them.
class Exact {
 public:
  explicit Exact(std::string_view text) : size_(text.size()), bytes_(new char[text.size()]) {
    if (size_ > 0) std::memcpy(bytes_.get(), text.data(), size_);
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

inline record::SchemaPtr schema_of(std::vector<record::Field> fields,
                                   std::optional<std::string> event_time = {},
                                   std::optional<std::string> key = {}) {
  return std::make_shared<const record::Schema>(std::move(fields), std::move(event_time),
                                                std::move(key));
}

inline record::SchemaPtr bar_schema() {
  using record::DType;
  return schema_of({{.name = "Date", .type = DType::kTimestamp},
                    {.name = "Ticker", .type = DType::kString},
                    {.name = "Open"},
                    {.name = "High"},
                    {.name = "Low"},
                    {.name = "Close"},
                    {.name = "Adj Close"},
                    {.name = "Volume", .type = DType::kInt64}},
                   "Date", "Ticker");
}

inline constexpr std::string_view kBar =
    R"({"Date":"2024-01-02T09:30:00.000Z","Ticker":"AAPL","Open":187.15,"High":188.44,)"
    R"("Low":183.89,"Close":185.64,"Adj Close":184.73,"Volume":82488700,"Label":1})";

inline std::string float_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%a", value);
  return text;
}

// A value with all its bits, readable.
inline std::string shown(const record::Column& column, std::size_t row) {
  using record::DType;
  if (!column.is_valid(row)) return "null";
  switch (column.type) {
    case DType::kBool:
      return column.values<std::uint8_t>()[row] != 0 ? "true" : "false";
    case DType::kInt64:
    case DType::kTimestamp:
      return std::to_string(column.values<std::int64_t>()[row]);
    case DType::kFloat64:
      return float_text(column.values<double>()[row]);
    case DType::kString:
      break;
  }
  return '"' + std::string(column.dictionary->text(column.values<std::int32_t>()[row])) + '"';
}

inline std::string shown(const record::RecordBatch& batch, std::size_t row) {
  std::string text;
  for (const record::Column& column : batch.columns()) {
    text += (text.empty() ? "" : " ") + shown(column, row);
  }
  return text;
}

// The current row of a builder, committed and taken out.
inline std::string take_row(decode::BatchBuilder& builder) {
  builder.commit(0);
  const record::RecordBatch batch = builder.finish();
  return shown(batch, batch.rows() - 1);
}

}  // namespace headrace::test
