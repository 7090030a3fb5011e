// Every output row of a bounded run in contiguous columns, ordered by event time, partition,
// offset.
//
// Memory for the largest possible result is reserved, not touched: pages become resident as rows
// arrive, so collecting two million rows costs their bytes once, and the columns become NumPy
// arrays without a copy. Rows that arrived in order already (one partition) are not sorted.
//
// Thread contract: append by one thread at a time; take once, after the last append.
// Cost: one memcpy of the rows; sorting gathers column by column, freeing as it goes.
// Lifetime: the frame owns its mappings and outlives the collector.
//
//   Collector collector(schema, 2'000'000);
//   collector.append(batch);
//   Frame all = collector.take();
#pragma once

#include <memory>

#include <headrace/pipeline/frame_store.hpp>

namespace headrace::pipeline {

class Collector {
 public:
  // `expected_rows`: an upper bound where one is known (watermarks), else a first guess; it grows.
  Collector(record::SchemaPtr schema, std::size_t expected_rows);
  ~Collector();
  void append(const record::BatchPtr& batch);  // needs the batch's offsets
  [[nodiscard]] Frame take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::pipeline
