// Everything that a bounded source of typed rows has, as one batch: the table of a static join.
//
// Thread contract: one thread; the source's callbacks run on it.
// Cost: a copy of each value more than the source's own, and all rows in memory.
//
//   record::RecordBatch rows = read_table(schema, *source).value_or_throw();
#pragma once

#include <headrace/record/record_batch.hpp>
#include <headrace/source/source.hpp>

namespace headrace::pipeline {

// `source` gives batches of `schema`. A row that does not fit it is an error that says which.
[[nodiscard]] base::Result<record::RecordBatch> read_table(const record::SchemaPtr& schema,
                                                           source::Source& source);

}  // namespace headrace::pipeline
