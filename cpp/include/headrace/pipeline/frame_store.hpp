// The tail of a stream, kept for readers: append-only segments that a reader may hold for ever.
//
// Large batches become a segment of their own without a copy; the writer copies small ones into an
// open slab, in place, and publishes them with one release store of the row count. Published rows
// never change again. A reader takes the list of segments and copies what it wants out of them: it
// never blocks the writer, and the writer never waits for it (pipeline/latest.hpp).
//
// Thread contract: append by one thread at a time (the engine serialises compute threads); frame,
//   since, rows_appended by any thread.
// Cost: appending copies the rows of small batches (about 1 ns a value) and lists large ones (some
//   µs a batch); memory is history_rows rows and at most one batch and one slab more.
// Lifetime: a frame outlives the store and however far the stream has gone on.
//
//   FrameStore store(schema, 100'000);
//   store.append(batch);
//   Frame tail = store.frame(500);
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <headrace/record/record_batch.hpp>

namespace headrace::pipeline {

// A contiguous copy or a view of rows, ready to leave the core: schema columns, and the system
// columns topic, partition and offset at hand separately.
struct Frame {
  record::SchemaPtr schema;
  std::size_t rows = 0;
  std::vector<record::Column> columns;  // contiguous; strings share one dictionary per column
  record::BufferPtr topics;             // int32 per row: index into Engine::topics()
  record::BufferPtr partitions;         // int32 per row
  record::BufferPtr offsets;            // int64 per row
  std::uint64_t end_row = 0;            // rows ever appended when this was taken: its position
  bool exclusive = false;               // nobody else reads these columns: they may be changed
};

class FrameStore {
 public:
  FrameStore(record::SchemaPtr schema, std::size_t history_rows);
  ~FrameStore();

  void append(const record::BatchPtr& batch);
  [[nodiscard]] std::uint64_t rows_appended() const noexcept;

  // The newest `last` rows in arrival order, contiguous; with `key`, the newest `last` rows of that
  // key (text of the key column; throws InvalidArgument where the result has none). One
  // gather-copy, off the writer's path; lent without a copy where it is a good part of one segment.
  [[nodiscard]] Frame frame(std::size_t last, const std::optional<std::string>& key = {}) const;
  // Rows appended after `position` (as Frame::end_row counts), as far as history still holds them;
  // `missed` says how many were already gone.
  [[nodiscard]] Frame since(std::uint64_t position, std::uint64_t* missed) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::pipeline
