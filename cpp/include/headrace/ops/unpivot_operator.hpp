// Wide rows to long ones: for each row and each of the columns `on` one row, with the column's name
// in one new column and its value in another; the columns of `index` are repeated.
//
// Rows come out row by row, and for each in the order of `on`. Their offset and event time are
// those of the row that they come from. A null stays a row. int64 and float64 together become
// float64.
//
// The key stays that of the row, whose column must be among `index`, or becomes the name column:
// then key ids are places in `on`.
//
// Thread contract: see operator.hpp.
// Cost: a copy of each value; memory of a batch grows by the number of columns `on`.
//
//   auto op = make_unpivot_operator({.schema = schema, .on = {"t1", "t2"}, .index = {"at"},
//                                    .variable_name = "sensor", .value_name = "celsius"});
#pragma once

#include <string>
#include <vector>

#include <headrace/ops/operator.hpp>

namespace headrace::ops {

struct UnpivotArgs {
  record::SchemaPtr schema;
  std::vector<std::string> on;
  std::vector<std::string> index;
  std::string variable_name = "variable";
  std::string value_name = "value";
  bool key_is_variable = false;
};

[[nodiscard]] base::Result<OperatorPtr> make_unpivot_operator(const UnpivotArgs& args);

}  // namespace headrace::ops
