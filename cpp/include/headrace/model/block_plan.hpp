// How rows are laid out in forward passes so that a row's result never depends on its batch.
//
// The same row can come out of a matrix product with other last bits when the product is wider,
// when the row stands elsewhere in it, or when its first byte is aligned differently: libraries
// choose kernels by shape and alignment. Observed with LibTorch on x86: widths below 32 differ from
// wider ones; with an inner width that is no multiple of 4 floats, rows depend on their place
// modulo 4.
//
// So rows run in blocks of a few fixed widths, padded with copies, and stand at every `stride`-th
// slot. Which widths and stride are safe is found by experiment on the very model when it is
// adopted: seeded rows run in several orders with different neighbours and at every width, and all
// must agree to the bit. A model that passes nowhere, or whose outputs tell too little to judge
// (class labels), runs row by row, which is always right and slower.
//
// Thread contract: find_block_plan calls the table; nobody else may meanwhile.
// Cost: some ten thousand rows through the model, once (MLP 8-64-64-1: 5 ms).
//
//   base::Result<BlockPlan> plan = find_block_plan(table);
//   plan->widths;   // {1024, 512, 256, 128, 64, 32}
#pragma once

#include <cstddef>
#include <vector>

#include <headrace/model/predictor_abi.h>
#include <headrace/base/error.hpp>

namespace headrace::model {

struct BlockPlan {
  std::size_t stride = 1;              // slots a row takes; the others hold copies of it
  std::vector<std::size_t> widths{1};  // slots a forward pass may have; descending, never empty

  // Rows that a block of `width` slots carries.
  [[nodiscard]] std::size_t rows_in(std::size_t width) const noexcept { return width / stride; }
  // The width for the next block when `rows` are left: the largest that is filled, or nearly so;
  // for a few rows the smallest.
  [[nodiscard]] std::size_t next_width(std::size_t rows) const noexcept;
};

// Refuses a model that gives different outputs for the same input, whose rows look at their
// neighbours, or that answers with nothing but NaN.
[[nodiscard]] base::Result<BlockPlan> find_block_plan(const headrace_predictor& table);

}  // namespace headrace::model
