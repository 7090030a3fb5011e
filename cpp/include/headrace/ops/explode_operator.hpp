// Takes lists apart: a row for each element of a column of lists, the other columns repeated.
//
// Of scalars the column keeps its name; of objects a column "list.field" for each of their fields
// stands in its place. Rows come in their order, elements in the order of the list; offset, event
// time and key are those of the row. A null or an empty list gives no row, or, where `keep_empty`,
// one of nulls.
//
// Thread contract: see operator.hpp.
// Cost: reads the list's text again, about 5 ns a byte, and copies the other columns.
//
//   auto op = make_explode_operator({.schema = schema, .column = "objects"});
#pragma once

#include <string>

#include <headrace/ops/operator.hpp>

namespace headrace::ops {

struct ExplodeArgs {
  record::SchemaPtr schema;
  std::string column;
  bool keep_empty = false;
};

[[nodiscard]] base::Result<OperatorPtr> make_explode_operator(const ExplodeArgs& args);

}  // namespace headrace::ops
