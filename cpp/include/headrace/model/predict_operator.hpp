// A model as an operator: columns (or per-key windows of them) to an input matrix, one forward a
// batch, outputs as new float64 columns.
//
// Rows whose inputs hold a NaN or null (warm-up) are not predicted: their outputs are NaN. With
// `window` n, a row is predicted from the last n such complete rows of its key, oldest first; until a
// key has n of them the outputs are NaN. A window with a gap starts over. Since a forward pass of a
// row may depend, in its last bits, on how many rows share the matrix product, rows are run in
// blocks of a fixed width (padded), so that batching never shows in a result.
//
// Thread contract: one task at a time; tasks of one engine share the predictor behind a mutex.
// Cost: one copy of the inputs as float32 and one indirect call per block of rows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <headrace/model/predictor_abi.h>
#include <headrace/ops/operator.hpp>

namespace headrace::model {

// Owns a C table: checks version and widths on construction, releases it at the end.
class Predictor {
 public:
  [[nodiscard]] static base::Result<std::shared_ptr<Predictor>> adopt(headrace_predictor table);
  ~Predictor();
  Predictor(const Predictor&) = delete;
  Predictor& operator=(const Predictor&) = delete;

  [[nodiscard]] std::uint32_t input_width() const noexcept { return table_.input_width; }
  [[nodiscard]] std::uint32_t window() const noexcept { return table_.window; }
  [[nodiscard]] std::uint32_t output_width() const noexcept { return table_.output_width; }
  // Serialised by a mutex.
  [[nodiscard]] base::Status predict(const float* input, std::size_t n, float* output);

 private:
  explicit Predictor(headrace_predictor table);
  struct Lock;
  headrace_predictor table_;
  std::unique_ptr<Lock> lock_;
};

struct PredictArgs {
  record::SchemaPtr schema;
  std::shared_ptr<Predictor> predictor;
  std::vector<int> inputs;            // int64, float64, bool columns
  std::vector<std::string> outputs;   // as many as the predictor's output width
};

[[nodiscard]] base::Result<ops::OperatorPtr> make_predict_operator(PredictArgs args);

}  // namespace headrace::model
