// The values of some columns of a row as bytes: equal bytes if and only if equal values.
//
// Null is equal to null; in float64 columns NaN and null are one nothing, and -0 is 0, since that
// is how they look and compare in a frame. Texts are kept as texts, so the bytes mean the same
// whatever dictionary a batch has.
//
// Thread contract: belongs to one operator.
// Cost: some nanoseconds a value.
// Lifetime: the returned view is valid until the next call.
//
//   RowBytes bytes({0, 2});
//   seen.find(bytes.of(batch, row));
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class RowBytes {
 public:
  explicit RowBytes(std::vector<std::size_t> columns) : columns_(std::move(columns)) {}

  [[nodiscard]] std::string_view of(const record::RecordBatch& batch, std::size_t row);
  [[nodiscard]] const std::vector<std::size_t>& columns() const noexcept { return columns_; }

 private:
  std::vector<std::size_t> columns_;
  std::string bytes_;
};

}  // namespace headrace::ops
