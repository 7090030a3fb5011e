// A model behind its C table: owned, checked, and run in blocks that do not show in the results.
//
// Thread contract: predict may be called by any thread; calls are serialised by a mutex.
// Cost: one indirect call per block (model/block_plan.hpp); rows are copied only where a block has
// to
//   be padded or the input is not 64-byte aligned.
// Lifetime: the table is released with the last reference.
//
//   auto model = Predictor::adopt(table).value_or_throw();
//   base::Status s = model->predict(rows, n, out);   // n * input floats, n * output floats
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <headrace/model/predictor_abi.h>
#include <headrace/base/error.hpp>
#include <headrace/model/block_plan.hpp>

namespace headrace::model {

// Owns a C table: checks version and widths on construction, releases it at the end.
class Predictor {
 public:
  // Takes the table over in any case: on an error it is released before the call returns.
  [[nodiscard]] static base::Result<std::shared_ptr<Predictor>> adopt(headrace_predictor table);
  ~Predictor();
  Predictor(const Predictor&) = delete;
  Predictor& operator=(const Predictor&) = delete;

  [[nodiscard]] std::uint32_t input_width() const noexcept { return table_.input_width; }
  [[nodiscard]] std::uint32_t window() const noexcept { return table_.window; }
  [[nodiscard]] std::uint32_t output_width() const noexcept { return table_.output_width; }
  // What tells this model from another one of the same shape, as whoever loaded it says.
  [[nodiscard]] const std::string& version() const noexcept { return version_; }
  void set_version(std::string version) { version_ = std::move(version); }  // before it is used
  // Floats that one row of input takes: input_width, times the window where there is one.
  [[nodiscard]] std::size_t row_floats() const noexcept;
  [[nodiscard]] const BlockPlan& blocks() const noexcept { return blocks_; }
  // The outputs of a row are the same bits whatever `n` is and wherever the row stands.
  [[nodiscard]] base::Status predict(const float* input, std::size_t n, float* output);

 private:
  explicit Predictor(headrace_predictor table);
  struct Scratch;
  [[nodiscard]] base::Status run_block(const float* input, std::size_t rows, std::size_t width,
                                       float* output);
  headrace_predictor table_;
  std::string version_;
  BlockPlan blocks_;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace headrace::model
