// Rows as an Arrow IPC stream of one batch: what to_kafka writes with format="arrow", and what
// pyarrow, Polars and DuckDB read.
//
// Columns are int64, double, bool, utf8 and timestamp[ns, UTC], each with a validity bitmap where a
// row is null; doubles keep all their bits. The layout is that of the Arrow columnar format 1.0
// (metadata version V5), whose metadata are FlatBuffers.
//
// Thread contract: an encoder belongs to one thread.
// Cost: some 300 bytes and 60 a column for the metadata of each stream, then one copy of the
// values.
//
//   ArrowEncoder encoder(batch.schema());
//   std::string stream;
//   encoder.append_rows(batch, std::array<std::uint32_t, 2>{0, 1}, stream);
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <headrace/record/record_batch.hpp>

namespace headrace::sink {

class ArrowEncoder {
 public:
  explicit ArrowEncoder(record::SchemaPtr schema);
  [[nodiscard]] const record::SchemaPtr& schema() const noexcept { return schema_; }
  void append_rows(const record::RecordBatch& batch, std::span<const std::uint32_t> rows,
                   std::string& out) const;

 private:
  record::SchemaPtr schema_;
  std::string head_;  // the message that says what the columns are
};

}  // namespace headrace::sink
