// Hands each batch to a function outside and goes on with what comes back.
//
// The borders of batches are seen by the function, so this step is outside the promise that they
// never show; everything after it is inside again, given the rows that it returned.
//
// A row keeps its offset where as many rows come back as went in; otherwise all have the offset of
// the batch's last row. Event times and keys are those of the columns that the output schema names
// for them; without such a column the rows have none.
//
// Thread contract: see operator.hpp.
// Cost: the function's; a key lookup a row. State is the keys seen, since later steps count on ids.
//
//   auto op = make_map_operator({.output = schema, .function = function});
#pragma once

#include <memory>

#include <headrace/ops/batch_function.hpp>
#include <headrace/ops/operator.hpp>

namespace headrace::ops {

struct MapArgs {
  record::SchemaPtr output;
  std::shared_ptr<BatchFunction> function;
};

[[nodiscard]] base::Result<OperatorPtr> make_map_operator(MapArgs args);

}  // namespace headrace::ops
