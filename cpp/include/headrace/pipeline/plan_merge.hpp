// What joins the inputs of a plan to one stream: read from JSON once, made for every run.
//
//   {"op": "union", "source": "feed", "names": ["trades", "quotes"]}
//
// or a join of two inputs (pipeline/plan_joins.hpp).
//
// `source` (null: none) is a column more that says which input a row is of. Nothing at all stands
// for {"op": "union"}.
//
// Thread contract: immutable values, pure functions.
// Cost: per stream and run, not per record.
//
//   MergeMaker make = parse_merge(R"({"op": "union"})");
//   ops::MergeOperatorPtr op = make(schemas).value_or_throw();
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include <headrace/ops/merge_operator.hpp>
#include <headrace/record/schema.hpp>

namespace headrace::pipeline {

// Makes the operator over inputs of these columns, or says why they do not fit.
using MergeMaker =
    std::function<base::Result<ops::MergeOperatorPtr>(std::span<const record::SchemaPtr>)>;

// Throws base::Exception with what was received and what is known.
[[nodiscard]] MergeMaker parse_merge(std::string_view json);

}  // namespace headrace::pipeline
