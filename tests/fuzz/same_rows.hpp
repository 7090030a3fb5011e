// Batches of two decoders, compared to the bit: text by its bytes, whatever its dictionary.
#pragma once

#include <cstring>

#include <headrace/record/record_batch.hpp>

#include "fuzz_check.hpp"

namespace headrace::fuzz {

inline void require_same(const record::Column& a, const record::Column& b, std::size_t rows) {
  const std::size_t width = record::width_of(a.type);
  for (std::size_t row = 0; row < rows; ++row) {
    require(a.is_valid(row) == b.is_valid(row), "same validity");
    if (a.type == record::DType::kString) {
      if (!a.is_valid(row)) continue;
      require(a.dictionary->text(a.values<std::int32_t>()[row]) ==
                  b.dictionary->text(b.values<std::int32_t>()[row]),
              "same text");
    } else {
      require(std::memcmp(a.data->data() + row * width, b.data->data() + row * width, width) == 0,
              "same bits");
    }
  }
}

inline void require_same(const record::RecordBatch& a, const record::RecordBatch& b) {
  require(a.rows() == b.rows(), "same rows");
  require(a.columns().size() == b.columns().size(), "same columns");
  for (std::size_t i = 0; i < a.columns().size(); ++i) {
    require_same(a.column(i), b.column(i), a.rows());
  }
  for (std::size_t row = 0; row < a.rows(); ++row) {
    require(a.key_id(row) == b.key_id(row), "same key");
  }
}

}  // namespace headrace::fuzz
