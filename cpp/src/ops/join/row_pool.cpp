#include <headrace/ops/join/row_pool.hpp>

#include <algorithm>
#include <utility>

namespace headrace::ops {

RowPool::RowPool(const record::Schema& schema, std::vector<std::size_t> columns)
    : columns_(std::move(columns)) {
  for (const std::size_t column : columns_) {
    held_.push_back(HeldColumn::make(schema.fields()[column].type));
  }
}

void RowPool::take_places(std::size_t count) {
  for (const auto& column : held_) {
    for (const Place place : dropped_) column->release(place);
  }
  free_.insert(free_.end(), dropped_.begin(), dropped_.end());
  dropped_.clear();
  if (free_.size() < count) {
    const std::size_t before = rows_.size();
    const std::size_t places = std::max({std::size_t{64}, 2 * before, before + count});
    rows_.resize(places);
    for (const auto& column : held_) column->resize(places);
    for (std::size_t i = places; i > before; --i) free_.push_back(static_cast<Place>(i - 1));
  }
  taken_.assign(free_.rbegin(), free_.rbegin() + static_cast<std::ptrdiff_t>(count));
  free_.resize(free_.size() - count);
}

RowPool::Places RowPool::add(const record::RecordBatch& batch) {
  take_places(batch.rows());
  const auto* times = batch.event_times->as<std::int64_t>();
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    rows_[taken_[row]] = {.time = times[row],
                          .offset = batch.offsets ? batch.offset_values()[row] : 0,
                          .origin = batch.origin(row),
                          .references = 1};
  }
  for (std::size_t c = 0; c < held_.size(); ++c) held_[c]->put(batch.column(columns_[c]), taken_);
  return taken_;
}

void RowPool::drop(Place place) {
  if (place != kNoRow && --rows_[place].references == 0) dropped_.push_back(place);
}

void RowPool::copy(Places places, std::vector<record::Column>& columns) const {
  for (const auto& column : held_) columns.push_back(column->copy(places));
}

void RowPool::copy_system_columns(Places places, record::RecordBatch& batch) const {
  batch.offsets = record::Buffer::allocate(places.size() * sizeof(std::int64_t));
  batch.origins = record::Buffer::allocate(places.size() * sizeof(record::TaskId));
  batch.event_times = record::Buffer::allocate(places.size() * sizeof(std::int64_t));
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Row& row = rows_[places[i]];
    batch.offsets->as<std::int64_t>()[i] = row.offset;
    batch.origins->as<record::TaskId>()[i] = row.origin;
    batch.event_times->as<std::int64_t>()[i] = row.time;
  }
}

void RowPool::snapshot(base::ByteWriter& writer, Places places) const {
  writer.put(static_cast<std::uint64_t>(places.size()));
  for (const Place place : places) {
    writer.put(rows_[place].time);
    writer.put(rows_[place].offset);
    writer.put(rows_[place].origin.topic);
    writer.put(rows_[place].origin.partition);
  }
  for (const auto& column : held_) column->snapshot(writer, places);
}

base::Status RowPool::restore(base::ByteReader& reader, std::vector<Place>& places) {
  std::uint64_t count = 0;
  if (base::Status s = reader.get_into(count); !s) return s;
  constexpr std::size_t kSystemColumns = 2 * sizeof(std::int64_t) + sizeof(record::TaskId);
  if (count > reader.remaining() / kSystemColumns) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = "snapshot of a join is truncated"};
  }
  take_places(static_cast<std::size_t>(count));
  for (const Place place : taken_) {
    Row& row = rows_[place];
    row.references = 1;
    if (base::Status s = reader.get_into(row.time); !s) return s;
    if (base::Status s = reader.get_into(row.offset); !s) return s;
    if (base::Status s = reader.get_into(row.origin.topic); !s) return s;
    if (base::Status s = reader.get_into(row.origin.partition); !s) return s;
  }
  for (const auto& column : held_) {
    if (base::Status s = column->restore(reader, taken_.size()); !s) return s;
  }
  places = taken_;
  return {};
}

}  // namespace headrace::ops
