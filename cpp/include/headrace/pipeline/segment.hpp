// Memory behind frames: segments of rows, and the frame made of pieces of them.
//
// A segment is either a finished batch taken as it is (a copy of nothing) or a slab that small
// batches are copied into, in place. Rows once published never change, so pieces of a segment are
// read without a lock while the writer fills the rest of it.
//
// Thread contract: a slab has one writer; readers touch only rows published to them.
// Cost: gather copies each value once; one piece that is most of its segment is not copied at all.
// Lifetime: a frame that was not copied keeps its segment alive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <headrace/pipeline/frame_store.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::pipeline {

struct Segment {
  std::size_t rows = 0;                 // a slab's: room for so many
  std::vector<record::Column> columns;  // a slab's columns have no validity ...
  std::vector<record::BufferPtr>
      presence;                  // ... but a byte a row, for the columns that may be null
  record::BufferPtr offsets;     // int64
  record::BufferPtr topics;      // int32; a slab's, or where rows have origins
  record::BufferPtr partitions;  // int32; likewise
  record::TaskId task;           // of every row, where there is no such buffer
};

// Topic and partition of each row.
void split_origins(const record::RecordBatch& batch, std::int32_t* topics,
                   std::int32_t* partitions);

// Takes a finished batch as it is.
[[nodiscard]] std::shared_ptr<const Segment> segment_of(const record::RecordBatch& batch);

// Rows of one segment: a run, or (`picked`, ascending) some rows of it.
struct Piece {
  std::shared_ptr<const Segment> segment;
  std::size_t begin = 0;
  std::size_t rows = 0;
  std::optional<std::vector<std::uint32_t>> picked;

  [[nodiscard]] std::size_t size() const noexcept { return picked ? picked->size() : rows; }
};

// One contiguous frame of the pieces, in their order.
[[nodiscard]] Frame gather(record::SchemaPtr schema, std::span<const Piece> pieces);

// Where the rows of a key are: the newest `last` of them within the pieces (runs, oldest first).
[[nodiscard]] std::vector<Piece> pieces_of_key(const record::Schema& schema,
                                               std::span<const Piece> pieces,
                                               const std::string& key, std::size_t last);

}  // namespace headrace::pipeline
