// New columns from expressions and indicators, all computed from the batch as it was before the
// step.
//
// A column whose name is there already takes that column's place (as in Polars); the others are
// appended in the order given. The event time and the key cannot be replaced: the system columns
// made of them would no longer say the same.
//
// Thread contract: see operator.hpp.
// Cost: that of the expressions and indicators; columns move as pointers.
//
//   std::vector<NewColumns> columns;
//   columns.push_back({.names = {"mid"}, .source = expression});
//   columns.push_back({.names = {"rsi"}, .source = IndicatorCall{rsi, {"Close"}, {14}}});
//   auto op = make_columns_operator(schema, columns);
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <headrace/ops/operator.hpp>
#include <headrace/ops/registry.hpp>
#include <headrace/validate/expression.hpp>

namespace headrace::ops {

struct IndicatorCall {
  const IndicatorInfo* info = nullptr;
  std::vector<std::string> inputs;  // column names
  std::vector<double> params;       // in the order of info->params
};

struct NewColumns {
  std::vector<std::string> names;  // one for an expression, as many as an indicator's outputs
  std::variant<validate::Expression, IndicatorCall> source;
};

[[nodiscard]] base::Result<OperatorPtr> make_columns_operator(
    record::SchemaPtr schema, const std::vector<NewColumns>& columns);

}  // namespace headrace::ops
