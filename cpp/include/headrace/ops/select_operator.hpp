// Keeps the named columns, in the given order. System columns (offsets, event times, key ids) stay,
// so that later steps are keyed and results ordered as before, even without the columns themselves.
//
// Thread contract: see operator.hpp.
// Cost: moves pointers.
//
//   auto op = make_select_operator(schema, {"Date", "Close"});
#pragma once

#include <string>
#include <vector>

#include <headrace/ops/operator.hpp>

namespace headrace::ops {

[[nodiscard]] base::Result<OperatorPtr> make_select_operator(const record::SchemaPtr& schema,
                                                             const std::vector<std::string>& names);

}  // namespace headrace::ops
