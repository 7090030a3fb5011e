// A model as an operator: columns (or per-key windows of them) to an input matrix, one call of the
// predictor a batch, outputs as new float64 columns.
//
// Rows whose inputs hold a NaN or null (warm-up) are not predicted: their outputs are NaN. With
// `window` n, a row is predicted from the last n such complete rows of its key, oldest first; until
// a key has n of them the outputs are NaN. A window with a gap starts over. Inputs are rounded to
// float32. The Predictor sees to it that batching never shows in a result (model/block_plan.hpp).
//
// Thread contract: one task at a time; tasks of one engine share the predictor behind its mutex.
// Cost: one copy of the inputs as float32 (windows: of n rows each) and one predictor call per
// 1,024
//   windows or per batch; state is window * inputs floats a key.
//
//   auto op = make_predict_operator({.schema = in, .predictor = model, .inputs = {8, 9},
//                                    .outputs = {"p_up"}});
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <headrace/model/predictor.hpp>
#include <headrace/ops/operator.hpp>

namespace headrace::model {

struct PredictArgs {
  record::SchemaPtr schema;
  std::shared_ptr<Predictor> predictor;
  std::vector<int> inputs;           // int64, float64, bool columns
  std::vector<std::string> outputs;  // as many as the predictor's output width
};

[[nodiscard]] base::Result<ops::OperatorPtr> make_predict_operator(PredictArgs args);

}  // namespace headrace::model
