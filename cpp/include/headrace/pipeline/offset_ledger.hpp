// Which offsets of which partitions rows of a given time or later have, behind a merge.
//
// What a window holds is no row any more, but a time: the records from then on are to be read again
// if the process dies. The ledger knows the smallest offset of each partition among them, by the
// thousand rows, so a position may lag behind by as many.
//
// Thread contract: one thread at a time.
// Cost: some nanoseconds a row; memory is a few dozen bytes a partition for each kRows rows that
// are
//   still held.
//
//   ledger.note(batch);
//   ledger.translate(held);   // held.since() becomes offsets
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

#include <headrace/ops/held_offsets.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::pipeline {

class OffsetLedger {
 public:
  // Fewer make positions more exact and the ledger longer.
  static constexpr std::size_t kRows = 1024;

  // Rows that leave the merge, with event times, offsets and, but for those of one task, origins.
  void note(const record::RecordBatch& batch);
  // Notes the offsets of all rows that are not before held.since(), and forgets what no longer
  // matters: what is not held now never will be.
  void translate(ops::HeldOffsets& held);
  [[nodiscard]] std::size_t pages() const noexcept { return pages_.size(); }

 private:
  struct First {
    record::TaskId task;
    std::int64_t offset = 0;
  };
  struct Page {
    std::size_t rows = 0;
    std::int64_t newest = std::numeric_limits<std::int64_t>::min();
    std::vector<First> firsts;  // a few
  };
  static void note(Page& page, record::TaskId task, std::int64_t offset);

  std::deque<Page> pages_;
};

}  // namespace headrace::pipeline
