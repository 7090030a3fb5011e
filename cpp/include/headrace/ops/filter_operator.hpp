// Keeps the rows for which a condition is true (null is not); the others are no rejects, just gone.
//
// Thread contract: see operator.hpp.
// Cost: the condition, and a copy of the kept rows where any row goes.
//
//   auto op = make_filter_operator(schema, condition);
#pragma once

#include <headrace/ops/operator.hpp>
#include <headrace/validate/expression.hpp>

namespace headrace::ops {

[[nodiscard]] base::Result<OperatorPtr> make_filter_operator(record::SchemaPtr schema,
                                                             const validate::Expression& condition);

}  // namespace headrace::ops
