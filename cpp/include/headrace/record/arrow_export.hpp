// Columns of ours as an Arrow C stream: what pyarrow, Polars, DuckDB and pandas read.
//
// int64, float64, timestamps and dictionary codes leave without a copy; bool becomes Arrow's
// bitmap, and codes are copied only where a null would stand as -1. Types: bool, int64, float64,
// timestamp[ns, UTC], dictionary<int32, utf8>. One record batch a stream. A dictionary much longer
// than the rows is cut down to the words they use.
//
// Thread contract: export by one thread; the stream and its arrays may be read and released on any
//   thread, one at a time each.
// Cost: the strings of the dictionaries, and a pass over bool and nullable string columns.
// Lifetime: the stream and every array taken from it share the buffers' ownership: they stay valid
//   after the table, the engine and the stream are gone.
//
//   ArrowArrayStream stream;
//   export_stream({.schema = s, .rows = n, .columns = columns}, &stream);
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <headrace/record/arrow_abi.h>
#include <headrace/record/record_batch.hpp>

namespace headrace::record {

inline constexpr std::string_view kPartitionColumn = "_partition";
inline constexpr std::string_view kOffsetColumn = "_offset";

struct ArrowTable {
  SchemaPtr schema;
  std::size_t rows = 0;
  std::vector<Column> columns;
  BufferPtr partitions;  // int32 a row: becomes the column _partition; null: no such column
  BufferPtr offsets;     // int64 a row: becomes the column _offset; null: no such column
};

// `out` is uninitialised memory; the caller releases it.
void export_stream(ArrowTable table, ArrowArrayStream* out);

}  // namespace headrace::record
