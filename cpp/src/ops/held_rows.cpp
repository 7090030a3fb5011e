#include <headrace/ops/held_rows.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include <headrace/ops/held_column.hpp>

namespace headrace::ops {
namespace {

using record::RecordBatch;

base::Error damaged(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "snapshot of sort_within " + how};
}

template <class T>
record::BufferPtr gathered(const std::vector<T>& from, std::span<const std::uint32_t> places) {
  record::BufferPtr to = record::Buffer::allocate(places.size() * sizeof(T));
  std::transform(places.begin(), places.end(), to->as<T>(),
                 [&from](std::uint32_t place) { return from[place]; });
  return to;
}

}  // namespace

HeldRows::HeldRows(record::SchemaPtr schema) : schema_(std::move(schema)) {
  for (const record::Field& field : schema_->fields()) {
    columns_.push_back(HeldColumn::make(field.type));
  }
}
HeldRows::HeldRows(HeldRows&&) noexcept = default;
HeldRows& HeldRows::operator=(HeldRows&&) noexcept = default;
HeldRows::~HeldRows() = default;

bool HeldRows::later(const Waiting& a, const Waiting& b) noexcept {
  return a.time != b.time ? a.time > b.time : a.arrival > b.arrival;
}

std::uint32_t HeldRows::free_place() {
  if (free_.empty()) {
    const std::size_t before = offsets_.size();
    const std::size_t places = std::max<std::size_t>(64, 2 * before);
    offsets_.resize(places);
    times_.resize(places);
    keys_.resize(places);
    for (const auto& column : columns_) column->resize(places);
    for (std::size_t i = places; i > before; --i) {
      free_.push_back(static_cast<std::uint32_t>(i - 1));
    }
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  return place;
}

void HeldRows::add(const RecordBatch& batch) {
  const auto* times = batch.event_times->as<std::int64_t>();
  places_.resize(batch.rows());
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const std::uint32_t place = free_place();
    places_[row] = place;
    offsets_[place] = batch.offsets ? batch.offset_values()[row] : 0;
    times_[place] = times[row];
    keys_[place] = batch.key_id(row);
    order_.push_back({.time = times[row], .arrival = arrivals_++, .place = place});
    std::push_heap(order_.begin(), order_.end(), &later);
  }
  for (std::size_t c = 0; c < columns_.size(); ++c) columns_[c]->put(batch.column(c), places_);
}

void HeldRows::take_before(std::int64_t bound, RecordBatch& batch) {
  places_.clear();
  while (!order_.empty() && order_.front().time < bound) {
    places_.push_back(order_.front().place);
    std::pop_heap(order_.begin(), order_.end(), &later);
    order_.pop_back();
  }
  take(places_, batch);
}

void HeldRows::take_all(RecordBatch& batch) {
  places_.clear();
  for (const Waiting& row : sorted()) places_.push_back(row.place);
  order_.clear();
  take(places_, batch);
}

void HeldRows::take(std::span<const std::uint32_t> places, RecordBatch& batch) {
  std::vector<record::Column> columns;
  for (const auto& column : columns_) columns.push_back(column->take(places));
  RecordBatch made(schema_, places.size(), std::move(columns));
  made.task = batch.task;
  made.epoch = batch.epoch;
  made.next_offset = batch.next_offset;
  made.ingest_steady_ns = batch.ingest_steady_ns;
  made.offsets = gathered(offsets_, places);
  made.event_times = gathered(times_, places);
  made.key_ids = gathered(keys_, places);
  for (const std::uint32_t place : places) {
    made.key_count = std::max(made.key_count, keys_[place] + 1);
  }
  free_.insert(free_.end(), places.begin(), places.end());
  batch = std::move(made);
}

std::int64_t HeldRows::first_offset() const noexcept {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  for (const Waiting& row : order_) first = std::min(first, offsets_[row.place]);
  return first;
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
  writer.put(static_cast<std::uint64_t>(places.size()));
  for (const std::uint32_t place : places) {
    writer.put(offsets_[place]);
    writer.put(times_[place]);
    writer.put(keys_[place]);
  }
  for (const auto& column : columns_) column->snapshot(writer, places);
}

base::Status HeldRows::restore(base::ByteReader& reader) {
  std::uint64_t rows = 0;
  if (base::Status s = reader.get_into(rows); !s) return s;
  constexpr std::size_t kSystemColumns = 2 * sizeof(std::int64_t) + sizeof(std::uint32_t);
  if (rows > reader.remaining() / kSystemColumns) return damaged("is truncated");
  for (std::uint64_t row = 0; row < rows; ++row) (void)free_place();
  for (std::size_t row = 0; row < rows; ++row) {
    if (base::Status s = reader.get_into(offsets_[row]); !s) return s;
    if (base::Status s = reader.get_into(times_[row]); !s) return s;
    if (base::Status s = reader.get_into(keys_[row]); !s) return s;
    if (row > 0 && times_[row] < times_[row - 1]) return damaged("is not in order");
    order_.push_back({.time = times_[row],  // in order, and so a heap
                      .arrival = arrivals_++,
                      .place = static_cast<std::uint32_t>(row)});
  }
  for (const auto& column : columns_) {
    if (base::Status s = column->restore(reader, rows); !s) return s;
  }
  return {};
}

}  // namespace headrace::ops
