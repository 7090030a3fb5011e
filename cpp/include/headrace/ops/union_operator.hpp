// The rows of several inputs as one stream, in merged order; of one input, the rows themselves.
//
// All inputs have the same columns, by name and type; they come out in the order of the first
// input's, and a column may be null if it may be in any input. The result has a key where all
// inputs have the same. A late row stays where the merge has put it.
//
// Thread contract: see merge_operator.hpp.
// Cost: a copy of each value; of a single input without a source column, nothing. No state.
//
//   auto op = make_union_operator({.inputs = {a, b}, .source = "source", .names = {"a", "b"}});
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <headrace/ops/merge_operator.hpp>
#include <headrace/record/schema.hpp>

namespace headrace::ops {

struct UnionArgs {
  std::vector<record::SchemaPtr> inputs;
  std::optional<std::string> source;  // a string column more, that says which input a row is of
  std::vector<std::string> names;     // of the inputs, in that column
};

// An error, in words for the user, where the inputs do not fit.
[[nodiscard]] base::Result<MergeOperatorPtr> make_union_operator(UnionArgs args);

}  // namespace headrace::ops
