// The key of a row in a join, as bytes; none where a value of it is null, for null matches nothing.
//
// NaN is a null here, as in a frame; without key columns all rows have the same key.
//
// Thread contract: belongs to one operator.
// Cost: row_bytes.hpp's.
// Lifetime: the returned view is valid until the next call.
//
//   JoinKey key({0});
//   if (const auto bytes = key.of(batch, row)) ...
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <headrace/ops/row_bytes.hpp>

namespace headrace::ops {

class JoinKey {
 public:
  explicit JoinKey(std::vector<std::size_t> columns) : bytes_(std::move(columns)) {}

  [[nodiscard]] std::optional<std::string_view> of(const record::RecordBatch& batch,
                                                   std::size_t row) {
    for (const std::size_t index : bytes_.columns()) {
      if (is_null(batch.column(index), row)) return std::nullopt;
    }
    return bytes_.of(batch, row);
  }

 private:
  static bool is_null(const record::Column& column, std::size_t row) noexcept {
    if (!column.is_valid(row)) return true;
    return column.type == record::DType::kFloat64 && std::isnan(column.values<double>()[row]);
  }
  RowBytes bytes_;
};

}  // namespace headrace::ops
