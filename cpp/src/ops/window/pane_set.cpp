#include <headrace/ops/window/pane_set.hpp>

#include <algorithm>
#include <numeric>

#include <headrace/ops/kernel/counted.hpp>

namespace headrace::ops {

void PaneSet::Extent::add(std::int64_t offset, std::int64_t time) noexcept {
  if (rows++ == 0) {
    first_offset = offset;
    first_time = time;
    last_time = time;
  }
  first_offset = std::min(first_offset, offset);
  last_offset = offset;
  first_time = std::min(first_time, time);
  last_time = std::max(last_time, time);
}

void PaneSet::Extent::add(const Extent& later) noexcept {
  if (later.rows == 0) return;
  if (rows == 0) {
    *this = later;
    return;
  }
  rows += later.rows;
  first_offset = std::min(first_offset, later.first_offset);
  last_offset = std::max(last_offset, later.last_offset);
  first_time = std::min(first_time, later.first_time);
  last_time = std::max(last_time, later.last_time);
}

std::uint32_t PaneSet::allocate() {
  if (free_.empty()) {
    const std::size_t before = extents_.size();
    const std::size_t panes = std::max<std::size_t>(64, 2 * before);
    extents_.resize(panes);
    for (const AggregatePtr& aggregate : aggregates_) aggregate->resize(panes);
    for (std::size_t i = panes; i > before; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
  }
  const std::uint32_t pane = free_.back();
  free_.pop_back();
  return pane;
}

// Cleared now and not when it is used again: what it holds would be held for nothing.
void PaneSet::release(std::span<const std::uint32_t> panes) {
  for (const std::uint32_t pane : panes) extents_[pane] = {};
  for (const AggregatePtr& aggregate : aggregates_) aggregate->clear(panes);
  free_.insert(free_.end(), panes.begin(), panes.end());
}

void PaneSet::clear() {
  noted_.clear();
  free_.clear();
  std::vector<std::uint32_t> all(extents_.size());
  std::iota(all.rbegin(), all.rend(), 0U);
  release(all);
}

void PaneSet::add_noted(const record::RecordBatch& batch) {
  const std::int64_t* const times = batch.event_times->as<std::int64_t>();
  const std::int64_t* const offsets = batch.offsets ? batch.offsets->as<std::int64_t>() : nullptr;
  for (const auto [row, pane] : noted_) {
    extents_[pane].add(offsets != nullptr ? offsets[row] : 0, times[row]);
  }
  for (const AggregatePtr& aggregate : aggregates_) aggregate->add(batch, noted_);
  noted_.clear();
}

void PaneSet::merge(std::uint32_t into, std::uint32_t from) {
  extents_[into].add(extents_[from]);
  for (const AggregatePtr& aggregate : aggregates_) aggregate->merge(into, from);
}

void PaneSet::emit(std::span<const std::uint32_t> panes) {
  for (const AggregatePtr& aggregate : aggregates_) aggregate->emit(panes);
}

void PaneSet::take(std::vector<record::Column>& columns) {
  for (const AggregatePtr& aggregate : aggregates_) aggregate->take(columns);
}

void PaneSet::snapshot(base::ByteWriter& writer, std::uint32_t pane) const {
  const Extent& extent = extents_[pane];
  for (const std::int64_t value : {extent.first_offset, extent.last_offset, extent.first_time,
                                   extent.last_time, extent.rows}) {
    writer.put(value);
  }
  for (const AggregatePtr& aggregate : aggregates_) aggregate->snapshot(writer, pane);
}

base::Status PaneSet::restore(base::ByteReader& reader, std::uint32_t pane) {
  Extent& extent = extents_[pane];
  for (std::int64_t* value :
       {&extent.first_offset, &extent.last_offset, &extent.first_time, &extent.last_time}) {
    if (base::Status s = reader.get_into(*value); !s) return s;
  }
  if (base::Status s = get_count(reader, extent.rows); !s) return s;
  for (const AggregatePtr& aggregate : aggregates_) {
    if (base::Status s = aggregate->restore(reader, pane); !s) return s;
  }
  return {};
}

}  // namespace headrace::ops
