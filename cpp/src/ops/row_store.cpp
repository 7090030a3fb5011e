#include <headrace/ops/row_store.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace headrace::ops {
namespace {

using record::RecordBatch;
using record::TaskId;

base::Error damaged(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "snapshot of held rows " + how};
}

template <class T>
record::BufferPtr gathered(const std::vector<T>& from, RowStore::Places places) {
  record::BufferPtr to = record::Buffer::allocate(places.size() * sizeof(T));
  std::transform(places.begin(), places.end(), to->as<T>(),
                 [&from](std::uint32_t place) { return from[place]; });
  return to;
}

template <class T>
void write(base::ByteWriter& writer, T value) {
  writer.put(value);
}
void write(base::ByteWriter& writer, TaskId task) {
  writer.put(task.topic);
  writer.put(task.partition);
}

template <class T>
base::Status read(base::ByteReader& reader, T& value) {
  return reader.get_into(value);
}
base::Status read(base::ByteReader& reader, TaskId& task) {
  if (base::Status s = reader.get_into(task.topic); !s) return s;
  return reader.get_into(task.partition);
}

template <class T>
base::Status read_column(base::ByteReader& reader, std::vector<T>& to, std::size_t rows) {
  for (std::size_t row = 0; row < rows; ++row) {
    if (base::Status s = read(reader, to[row]); !s) return s;
  }
  return {};
}

}  // namespace

RowStore::RowStore(record::SchemaPtr schema, Origins origins)
    : schema_(std::move(schema)), has_origins_(origins == Origins::kAlways) {
  for (const record::Field& field : schema_->fields()) {
    columns_.push_back(HeldColumn::make(field.type));
  }
}

void RowStore::grow(std::size_t places) {
  const std::size_t before = offsets_.size();
  offsets_.resize(places);
  times_.resize(places);
  keys_.resize(places);
  if (has_origins_) origins_.resize(places);
  if (has_deleted_) deleted_.resize(places, 0);
  for (const auto& column : columns_) column->resize(places);
  for (std::size_t i = places; i > before; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
}

std::uint32_t RowStore::free_place() {
  if (free_.empty()) grow(std::max<std::size_t>(64, 2 * offsets_.size()));
  const std::uint32_t place = free_.back();
  free_.pop_back();
  return place;
}

RowStore::Places RowStore::put(const RecordBatch& batch) {
  places_.resize(batch.rows());
  for (std::uint32_t& place : places_) place = free_place();
  put_system_columns(batch);
  for (std::size_t c = 0; c < columns_.size(); ++c) columns_[c]->put(batch.column(c), places_);
  return places_;
}

void RowStore::put_system_columns(const RecordBatch& batch) {
  if (batch.origins && !std::exchange(has_origins_, true)) origins_.resize(offsets_.size());
  if (batch.deleted && !std::exchange(has_deleted_, true)) deleted_.resize(offsets_.size(), 0);
  const auto* times = batch.event_times->as<std::int64_t>();
  const std::span<const std::int64_t> offsets = batch.offset_values();
  for (std::size_t row = 0; row < places_.size(); ++row) {
    const std::uint32_t place = places_[row];
    offsets_[place] = offsets.empty() ? 0 : offsets[row];
    times_[place] = times[row];
    keys_[place] = batch.key_id(row);
    if (has_origins_) origins_[place] = batch.origin(row);
    if (has_deleted_) {
      deleted_[place] = batch.deleted ? batch.deleted->as<std::uint8_t>()[row] : std::uint8_t{0};
    }
  }
}

RecordBatch RowStore::take(Places places) {
  std::vector<record::Column> columns;
  for (const auto& column : columns_) columns.push_back(column->take(places));
  RecordBatch made(schema_, places.size(), std::move(columns));
  made.offsets = gathered(offsets_, places);
  made.event_times = gathered(times_, places);
  made.key_ids = gathered(keys_, places);
  if (has_origins_) made.origins = gathered(origins_, places);
  const auto is_deleted = [this](std::uint32_t place) { return deleted_[place] != 0; };
  if (has_deleted_ && std::any_of(places.begin(), places.end(), is_deleted)) {
    made.deleted = gathered(deleted_, places);
  }
  for (const std::uint32_t place : places) {
    made.key_count = std::max(made.key_count, keys_[place] + 1);
  }
  free_.insert(free_.end(), places.begin(), places.end());
  return made;
}

void RowStore::drop(Places places) {
  for (const auto& column : columns_) (void)column->take(places);
  free_.insert(free_.end(), places.begin(), places.end());
}

void RowStore::snapshot(base::ByteWriter& writer, Places places) const {
  const auto put_all = [&](const auto& from) {
    for (const std::uint32_t place : places) write(writer, from[place]);
  };
  const auto is_deleted = [this](std::uint32_t place) { return deleted_[place] != 0; };
  const bool some_deleted = has_deleted_ && std::any_of(places.begin(), places.end(), is_deleted);
  writer.put(static_cast<std::uint64_t>(places.size()));
  writer.put(static_cast<std::uint8_t>(has_origins_ ? 1 : 0));
  writer.put(static_cast<std::uint8_t>(some_deleted ? 1 : 0));
  put_all(offsets_);
  put_all(times_);
  put_all(keys_);
  if (has_origins_) put_all(origins_);
  if (some_deleted) put_all(deleted_);
  for (const auto& column : columns_) column->snapshot(writer, places);
}

base::Result<std::size_t> RowStore::restore(base::ByteReader& reader) {
  std::uint64_t rows = 0;
  std::uint8_t with_origins = 0;
  std::uint8_t with_deleted = 0;
  if (base::Status s = reader.get_into(rows); !s) return s.error();
  if (base::Status s = reader.get_into(with_origins); !s) return s.error();
  if (base::Status s = reader.get_into(with_deleted); !s) return s.error();
  constexpr std::size_t kSystemColumns = 2 * sizeof(std::int64_t) + sizeof(std::uint32_t);
  if (rows > reader.remaining() / kSystemColumns) return damaged("is truncated");
  if (with_origins > 1 || with_deleted > 1) return damaged("holds an impossible value");
  has_origins_ = has_origins_ || with_origins != 0;
  has_deleted_ = with_deleted != 0;
  for (std::uint64_t row = 0; row < rows; ++row) (void)free_place();
  if (base::Status s = read_column(reader, offsets_, rows); !s) return s.error();
  if (base::Status s = read_column(reader, times_, rows); !s) return s.error();
  if (base::Status s = read_column(reader, keys_, rows); !s) return s.error();
  if (with_origins != 0) {
    if (base::Status s = read_column(reader, origins_, rows); !s) return s.error();
  }
  if (with_deleted != 0) {
    if (base::Status s = read_column(reader, deleted_, rows); !s) return s.error();
  }
  for (const auto& column : columns_) {
    if (base::Status s = column->restore(reader, rows); !s) return s.error();
  }
  return static_cast<std::size_t>(rows);
}

}  // namespace headrace::ops
