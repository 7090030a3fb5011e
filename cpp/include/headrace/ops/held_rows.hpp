// Rows that wait to be given out in the order of their event times.
//
// They lie in a RowStore, and a heap says whose turn it is.
//
// Thread contract: belongs to one operator.
// Cost: that of the store and log2(rows held) comparisons a row; 24 bytes a row for the order.
//
//   HeldRows held(schema);
//   held.add(batch);
//   held.take_before(bound, batch);   // the batch has the rows that are due now, in order
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/ops/held_offsets.hpp>
#include <headrace/ops/row_store.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class HeldRows {
 public:
  explicit HeldRows(record::SchemaPtr schema) : store_(std::move(schema)) {}

  // All rows of a batch, which needs event times. Equal times stay in the order of arrival.
  void add(const record::RecordBatch& batch);
  // Replaces the rows of `batch` by those held whose event time is before `bound`, or by all.
  void take_before(std::int64_t bound, record::RecordBatch& batch);
  void take_all(record::RecordBatch& batch);

  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
  // The smallest offset held, or the largest number there is. Looks at every row held.
  [[nodiscard]] std::int64_t first_offset() const noexcept;
  // The same for each partition that rows are of; of rows without origins, their time.
  void note_held(HeldOffsets& held) const;

  // Equal rows held give equal bytes, wherever they came to lie.
  void snapshot(base::ByteWriter& writer) const;
  // Into a new one; after an error it is only to be thrown away.
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  struct Waiting {
    std::int64_t time;
    std::uint64_t arrival;
    std::uint32_t place;
  };
  static bool later(const Waiting& a, const Waiting& b) noexcept;
  void take(record::RecordBatch& batch);
  [[nodiscard]] std::vector<Waiting> sorted() const;

  RowStore store_;
  std::vector<Waiting> order_;  // a heap, the earliest first
  std::uint64_t arrivals_ = 0;
  std::vector<std::uint32_t> places_;  // of the rows to be taken
};

}  // namespace headrace::ops
