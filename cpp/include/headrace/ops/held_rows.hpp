// Rows that wait to be given out in the order of their event times.
//
// A row is copied into a place of its own, column by column, and out again; places are used anew.
// Nothing of the batch that it came in is kept, so one waiting row does not keep thousands alive.
//
// Thread contract: belongs to one operator.
// Cost: two copies of each value and log2(rows held) comparisons a row. Memory is that of the most
//   rows ever held: 24 bytes for the order, 20 for offset, time and key, 9 a column, and the texts.
//
//   HeldRows held(schema);
//   held.add(batch);
//   held.take_before(bound, batch);   // the batch has the rows that are due now, in order
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class HeldColumn;

class HeldRows {
 public:
  explicit HeldRows(record::SchemaPtr schema);
  HeldRows(HeldRows&&) noexcept;
  HeldRows& operator=(HeldRows&&) noexcept;
  ~HeldRows();

  // All rows of a batch, which needs event times. Equal times stay in the order of arrival.
  void add(const record::RecordBatch& batch);
  // Replaces the rows of `batch` by those held whose event time is before `bound`, or by all.
  void take_before(std::int64_t bound, record::RecordBatch& batch);
  void take_all(record::RecordBatch& batch);

  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
  // The smallest offset held, or the largest number there is. Looks at every row held.
  [[nodiscard]] std::int64_t first_offset() const noexcept;

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
  [[nodiscard]] std::uint32_t free_place();
  void take(std::span<const std::uint32_t> places, record::RecordBatch& batch);
  [[nodiscard]] std::vector<Waiting> sorted() const;

  record::SchemaPtr schema_;
  std::vector<std::unique_ptr<HeldColumn>> columns_;
  std::vector<std::int64_t> offsets_;  // by place, as the next two
  std::vector<std::int64_t> times_;
  std::vector<std::uint32_t> keys_;
  std::vector<std::uint32_t> free_;  // places
  std::vector<Waiting> order_;       // a heap, the earliest first
  std::uint64_t arrivals_ = 0;
  std::vector<std::uint32_t> places_;  // of the rows just added or taken
};

}  // namespace headrace::ops
