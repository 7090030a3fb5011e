// A table in memory as a bounded source: a DataFrame's columns or an Arrow stream.
//
// Rows come in their order, as one task, with their row number as offset; text in a timestamp
// column is read as ISO 8601. Rows that do not fit the schema are rejects whose value is the row as
// JSON. An Arrow stream is read batch by batch as the pipeline asks for it.
//
// Thread contract: see source/source.hpp. The producer's callbacks run on the ingest thread.
// Cost: record/column_import.hpp's, and a key lookup a row.
// Lifetime: the table's memory is held until close() or the end.
//
//   auto source = make_frame_source(schema, std::move(table)).value_or_throw();
#pragma once

#include <memory>

#include <headrace/record/arrow_abi.h>
#include <headrace/record/foreign_column.hpp>
#include <headrace/source/source.hpp>

namespace headrace::pipeline {

// Refuses columns of types that can't become the schema's.
[[nodiscard]] base::Result<std::unique_ptr<source::Source>> make_frame_source(
    record::SchemaPtr schema, record::ForeignTable table);
// Takes the stream over in any case: `stream->release` is NULL afterwards.
[[nodiscard]] base::Result<std::unique_ptr<source::Source>> make_frame_source(
    record::SchemaPtr schema, ArrowArrayStream* stream);

// All rows of a table at once, as columns of the schema. A row that does not fit is an error of the
// kind kFunction that says which and why: whoever made the table is to mend it.
[[nodiscard]] base::Result<record::RecordBatch> rows_of(const record::SchemaPtr& schema,
                                                        const record::ForeignTable& table);
// The same for a stream of at most one table, which is taken over in any case.
[[nodiscard]] base::Result<record::RecordBatch> rows_of(const record::SchemaPtr& schema,
                                                        ArrowArrayStream* stream);

}  // namespace headrace::pipeline
