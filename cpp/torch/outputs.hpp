// What a forward pass returns, as columns of float32: a tensor, or a tuple or list of tensors.
//
// Thread contract: pure functions.
// Cost: one copy of the values.
//
//   std::size_t width = output_width(value, rows, why);    // once at loading
//   copy_outputs(value, rows, width, out);                 // row-major, width floats a row
#pragma once

#include <ATen/core/ivalue.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace headrace::torchscript {

// "[2, 3]", or "([2], [2, 3])" for a tuple.
[[nodiscard]] std::string shapes_of(const c10::IValue& value);
// Values a row in all tensors together; a sentence in `why` where they are not [rows] or [rows, k]
// of real numbers.
[[nodiscard]] std::size_t output_width(const c10::IValue& value, std::int64_t rows,
                                       std::string& why);
// For a value that output_width accepted for the same number of rows.
void copy_outputs(const c10::IValue& value, std::size_t rows, std::size_t width, float* out);

}  // namespace headrace::torchscript
