// Rows that a join keeps, each in a place of its own for as long as anybody refers to it.
//
// A row of the right side may be wanted by its key and by any number of rows of the left side that
// wait. So places are counted: keep() adds a reference, drop() gives one back, and the last one
// frees the place. Nothing of the batch that a row came in is kept alive.
//
// Thread contract: belongs to one operator.
// Cost: a copy of each value in and out; 10 ns a row besides. Memory is that of the most rows ever
//   held: 28 bytes for where it came from, time and count, 9 a column, and the texts.
// Lifetime: what was dropped can still be copied until the next add().
//
//   RowPool pool(*schema, {0, 2});          // columns 0 and 2 of the batches
//   const auto places = pool.add(batch);    // one reference each
//   pool.copy(places, columns);             // and out again, in any order
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/ops/held_column.hpp>
#include <headrace/ops/held_offsets.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class RowPool {
 public:
  using Place = std::uint32_t;
  using Places = std::span<const Place>;
  static constexpr Place kNoRow = HeldColumn::kNowhere;

  RowPool(const record::Schema& schema, std::vector<std::size_t> columns);

  // All rows of a batch, with one reference each. Borrowed: valid until the next add.
  [[nodiscard]] Places add(const record::RecordBatch& batch);
  void keep(Place place) noexcept {
    if (place != kNoRow) ++rows_[place].references;
  }
  void drop(Place place);
  [[nodiscard]] std::int64_t time(Place place) const noexcept { return rows_[place].time; }
  void note_held(Place place, HeldOffsets& held) const {
    held.note(rows_[place].origin, rows_[place].offset);
  }
  [[nodiscard]] std::size_t size() const noexcept {
    return rows_.size() - free_.size() - dropped_.size();
  }

  // Appends the columns of these rows; nulls where a place is kNoRow.
  void copy(Places places, std::vector<record::Column>& columns) const;
  // Sets offsets, origins and event times of a batch that has these rows; none may be
  // kNoRow.
  void copy_system_columns(Places places, record::RecordBatch& batch) const;

  void snapshot(base::ByteWriter& writer, Places places) const;
  // Into an empty pool. `places`: of the rows in the order in which they were saved.
  [[nodiscard]] base::Status restore(base::ByteReader& reader, std::vector<Place>& places);

 private:
  struct Row {
    std::int64_t time = 0;
    std::int64_t offset = 0;
    record::TaskId origin;
    std::uint32_t references = 0;
  };
  void take_places(std::size_t count);

  std::vector<std::size_t> columns_;
  std::vector<std::unique_ptr<HeldColumn>> held_;
  std::vector<Row> rows_;       // by place
  std::vector<Place> free_;     // the next one last
  std::vector<Place> dropped_;  // free from the next add on
  std::vector<Place> taken_;    // of the rows just added
};

}  // namespace headrace::ops
