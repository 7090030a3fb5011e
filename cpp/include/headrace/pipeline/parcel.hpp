// What travels from an ingest to a compute thread: the rows of one task, and what became of the
// rest.
//
// A parcel may carry no rows at all (only rejects, or tombstones): it still says how far the source
// has come. Where the user chose to lose rows rather than wait, parcels in the queue are thinned
// out.
//
// Thread contract: owned by one thread at a time.
// Cost: one pointer is handed over; thinning out is one pass over the key ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::pipeline {

struct TaskSlot;

// What is said of the partition, once the parcel's rows are done; only merges need to know.
enum class Notice : std::uint8_t {
  kNone,
  kEnded,    // there will be no more records
  kResting,  // it has been silent for long: nobody is to wait for its next record
};

// The rows as they were before the task's steps. What a merge knows of its partition.
struct RowsRead {
  record::BufferPtr offsets;
  record::BufferPtr times;
  std::size_t rows = 0;
};

// A record as it was read.
struct Original {
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;
  std::string key;
  std::string value;  // cut at the cap of dead letters
  std::optional<record::Cut> cut;
  int attempt = 1;
};

struct Parcel {
  TaskSlot* slot = nullptr;
  std::uint32_t epoch = 0;
  std::int64_t next_offset = 0;  // of the source, once this is done
  record::RecordBatch batch;
  record::Rejects rejects;
  Notice notice = Notice::kNone;
  RowsRead read;
  // The records that the rows were decoded from, by ascending offset, where rules that may still
  // reject them do not run before their bytes are gone; else empty.
  std::vector<Original> originals;
  // All of it was given out by a former life: it only brings the state up to date.
  bool replay = false;
  record::DictionaryPtr keys;   // of the task, by id
  std::uint32_t key_count = 0;  // of this and former parcels
  std::int64_t newest_ns = 0;   // event time; of a table
};

using ParcelPtr = std::unique_ptr<Parcel>;

// Gives the rejects of rows the bytes that those were decoded from, where the parcel has them.
void fill_from_originals(Parcel& parcel);

// Drops the parcel's rows; rejects and position stay. Returns how many rows.
std::size_t drop_rows(Parcel& parcel);

// Keeps of all parcels of a task (oldest first) only the newest row of each key; the position of
// the others stays. Returns how many rows were dropped.
std::size_t conflate(std::span<ParcelPtr> parcels);

}  // namespace headrace::pipeline
