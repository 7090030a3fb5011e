// The tail of a stream, kept for readers: append-only segments that a reader may hold for ever.
//
// The writer fills the open segment in place and publishes the row count with one release store; a
// segment's published rows never change again. Large batches become a segment of their own without a
// copy. A reader takes a snapshot: a list of (segment, rows) - it never blocks the writer, and the
// writer never waits for it (the list is swapped under try_lock; where a reader is just copying the
// pointer, the writer publishes with its next batch).
//
// Thread contract: append by one thread at a time (the engine serialises compute threads);
//   snapshot by any thread.
// Cost: appending copies the rows of small batches (about 1 ns a value); a snapshot copies one
//   shared_ptr per segment.
// Lifetime: a snapshot keeps its segments alive however far the stream has gone on.
//
//   store.append(batch);
//   FrameSnapshot tail = store.snapshot(500);
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

// A contiguous copy or a view of rows, ready to leave the core: schema columns, then the system
// columns topic/partition/offset at hand separately.
struct Frame {
  record::SchemaPtr schema;
  std::size_t rows = 0;
  std::vector<record::Column> columns;  // contiguous; strings share one dictionary per column
  record::BufferPtr partitions;         // int32 per row
  record::BufferPtr offsets;            // int64 per row
  std::uint64_t end_row = 0;            // rows ever appended when this was taken: its position
};

class FrameStore {
 public:
  FrameStore(record::SchemaPtr schema, std::size_t history_rows);
  ~FrameStore();

  void append(const record::BatchPtr& batch);
  [[nodiscard]] std::uint64_t rows_appended() const noexcept;

  // The newest `last` rows in arrival order, contiguous; with `key`, the newest `last` rows of that
  // key (text of the key column). One gather-copy, off the writer's path; zero-copy where the range
  // lies within one segment.
  [[nodiscard]] Frame frame(std::size_t last, const std::optional<std::string>& key = {}) const;
  // Rows appended after `position` (as Frame::end_row counts), as far as history still holds them;
  // `missed` says how many were already gone.
  [[nodiscard]] Frame since(std::uint64_t position, std::uint64_t* missed) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::pipeline
