// Results on their way to a column: values are appended one by one and taken out as one column.
//
// Thread contract: belongs to one aggregate.
// Cost: an append to a vector a value; taking copies once.
//
//   ResultColumn<double> results(record::DType::kFloat64);
//   results.push(1.5);  results.push_null();
//   results.push_each(panes, [&](std::uint32_t pane) { return state(pane).value(); });
//   record::Column column = results.take();
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <headrace/record/dictionary.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

// T: double, std::int64_t, std::uint8_t (bool) or std::int32_t (codes of strings).
template <class T>
class ResultColumn {
 public:
  explicit ResultColumn(record::DType type) : type_(type) {}

  void push(T value) {
    values_.push_back(value);
    if (!nulls_.empty()) nulls_.push_back(0);
  }
  // get(item) for each of them: for results of which none is null.
  template <class Get>
  void push_each(std::span<const std::uint32_t> items, Get get) {
    const std::size_t before = values_.size();
    values_.resize(before + items.size());
    std::transform(items.begin(), items.end(), values_.data() + before, get);
    if (!nulls_.empty()) nulls_.resize(values_.size(), 0);
  }
  void push_null() {
    nulls_.resize(values_.size(), 0);
    nulls_.push_back(1);
    values_.push_back(under_null());
  }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }

  // Strings need the dictionary that their codes are of.
  [[nodiscard]] record::Column take(record::DictionaryPtr dictionary = {}) {
    record::Column column = record::Column::make(type_, values_.size());
    std::copy(values_.begin(), values_.end(), column.template mutable_values<T>());
    for (std::size_t row = 0; row < nulls_.size(); ++row) {
      if (nulls_[row] != 0) column.set_null(row, values_.size());
    }
    column.dictionary = std::move(dictionary);
    values_.clear();
    nulls_.clear();
    return column;
  }

 private:
  static constexpr T under_null() noexcept {
    if constexpr (std::is_same_v<T, double>) {
      return std::numeric_limits<double>::quiet_NaN();
    } else {
      return std::is_same_v<T, std::int32_t> ? T(-1) : T(0);
    }
  }

  record::DType type_;
  std::vector<T> values_;
  std::vector<std::uint8_t> nulls_;  // empty: none is null
};

}  // namespace headrace::ops
