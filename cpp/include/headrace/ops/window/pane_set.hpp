// The panes of a window step: all its aggregates side by side, and where their rows came from.
//
// Rows are noted with their pane and added to the aggregates in runs, column by column, which is
// what makes an aggregate cost a few nanoseconds. flush() does that; it comes before anything looks
// at a pane (merge, emit, snapshot), so what is seen never depends on how long a run was.
//
// Thread contract: belongs to one operator.
// Cost: 8 bytes a row noted; memory is that of the most panes in use at one time.
//
//   const std::uint32_t pane = panes.allocate();
//   panes.note(row, pane);
//   panes.flush(batch);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <headrace/ops/aggregate/aggregate.hpp>

namespace headrace::ops {

class PaneSet {
 public:
  // Offsets and event times of the rows in a pane.
  struct Extent {
    std::int64_t first_offset = 0;
    std::int64_t last_offset = 0;
    std::int64_t first_time = 0;
    std::int64_t last_time = 0;
    std::int64_t rows = 0;

    void add(std::int64_t offset, std::int64_t time) noexcept;
    void add(const Extent& later) noexcept;
  };

  explicit PaneSet(std::vector<AggregatePtr> aggregates) : aggregates_(std::move(aggregates)) {}

  [[nodiscard]] std::uint32_t allocate();
  void release(std::span<const std::uint32_t> panes);
  void release(std::uint32_t pane) { release({&pane, 1}); }
  // Releases all of them.
  void clear();

  void note(std::size_t row, std::uint32_t pane) {
    noted_.push_back({.row = static_cast<std::uint32_t>(row), .pane = pane});
  }
  // `batch` is the one that the noted rows are of.
  void flush(const record::RecordBatch& batch) {
    if (!noted_.empty()) add_noted(batch);
  }
  void merge(std::uint32_t into, std::uint32_t from);
  void emit(std::span<const std::uint32_t> panes);
  void take(std::vector<record::Column>& columns);

  [[nodiscard]] const Extent& extent(std::uint32_t pane) const noexcept { return extents_[pane]; }
  [[nodiscard]] std::size_t in_use() const noexcept { return extents_.size() - free_.size(); }
  [[nodiscard]] const std::vector<AggregatePtr>& aggregates() const noexcept { return aggregates_; }

  void snapshot(base::ByteWriter& writer, std::uint32_t pane) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader, std::uint32_t pane);

 private:
  void add_noted(const record::RecordBatch& batch);

  std::vector<AggregatePtr> aggregates_;
  std::vector<Extent> extents_;  // by pane
  std::vector<std::uint32_t> free_;
  std::vector<PaneRow> noted_;
};

}  // namespace headrace::ops
