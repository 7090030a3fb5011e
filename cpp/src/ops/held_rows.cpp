#include <headrace/ops/held_rows.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace headrace::ops {

using record::RecordBatch;

bool HeldRows::later(const Waiting& a, const Waiting& b) noexcept {
  return a.time != b.time ? a.time > b.time : a.arrival > b.arrival;
}

void HeldRows::add(const RecordBatch& batch) {
  for (const std::uint32_t place : store_.put(batch)) {
    order_.push_back({.time = store_.time(place), .arrival = arrivals_++, .place = place});
    std::push_heap(order_.begin(), order_.end(), &later);
  }
}

void HeldRows::take_before(std::int64_t bound, RecordBatch& batch) {
  places_.clear();
  while (!order_.empty() && order_.front().time < bound) {
    places_.push_back(order_.front().place);
    std::pop_heap(order_.begin(), order_.end(), &later);
    order_.pop_back();
  }
  take(batch);
}

void HeldRows::take_all(RecordBatch& batch) {
  places_.clear();
  for (const Waiting& row : sorted()) places_.push_back(row.place);
  order_.clear();
  take(batch);
}

void HeldRows::take(RecordBatch& batch) {
  RecordBatch made = store_.take(places_);
  made.task = batch.task;
  made.epoch = batch.epoch;
  made.next_offset = batch.next_offset;
  made.ingest_steady_ns = batch.ingest_steady_ns;
  batch = std::move(made);
}

std::int64_t HeldRows::first_offset() const noexcept {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  for (const Waiting& row : order_) first = std::min(first, store_.offset(row.place));
  return first;
}

void HeldRows::note_held(HeldOffsets& held) const {
  if (!store_.has_origins()) {  // made of rows that are not older
    if (!order_.empty()) held.note_since(order_.front().time);
    return;
  }
  for (const Waiting& row : order_) held.note(store_.origin(row.place), store_.offset(row.place));
}

std::vector<HeldRows::Waiting> HeldRows::sorted() const {
  std::vector<Waiting> rows = order_;
  std::sort(rows.begin(), rows.end(),
            [](const Waiting& a, const Waiting& b) { return later(b, a); });
  return rows;
}

void HeldRows::snapshot(base::ByteWriter& writer) const {
  std::vector<std::uint32_t> places;
  for (const Waiting& row : sorted()) places.push_back(row.place);
  store_.snapshot(writer, places);
}

base::Status HeldRows::restore(base::ByteReader& reader) {
  const base::Result<std::size_t> rows = store_.restore(reader);
  if (!rows) return rows.error();
  for (std::uint32_t place = 0; place < *rows; ++place) {
    if (place > 0 && store_.time(place) < store_.time(place - 1)) {
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "snapshot of sort_within is not in order"};
    }
    order_.push_back({.time = store_.time(place),  // in order, and so a heap
                      .arrival = arrivals_++,
                      .place = place});
  }
  return {};
}

}  // namespace headrace::ops
