#include <headrace/ops/window/group_index.hpp>

#include <algorithm>
#include <utility>

namespace headrace::ops {

using record::DType;

GroupIndex::GroupIndex(const record::Schema& schema, std::vector<std::size_t> columns)
    : indices_(std::move(columns)), bytes_(indices_) {
  for (const std::size_t index : indices_) {
    columns_.push_back(HeldColumn::make(schema.fields()[index].type));
  }
  const bool one = indices_.size() == 1;
  by_key_ = one && static_cast<int>(indices_[0]) == schema.key_index();
  by_code_ = one && !by_key_ && schema.fields()[indices_[0]].type == DType::kString;
}

void GroupIndex::begin(const record::RecordBatch& batch) {
  batch_ = &batch;
  slots_ = nullptr;
  if (by_key_ && batch.key_ids) {
    slots_ = batch.key_ids->as<std::uint32_t>();
  } else if (by_code_) {
    const record::Column& column = batch.column(indices_[0]);
    if (column.dictionary != dictionary_) {
      dictionary_ = column.dictionary;
      id_of_slot_.clear();
      std::fill(slot_of_id_.begin(), slot_of_id_.end(), kNoSlot);
    }
    slots_ = reinterpret_cast<const std::uint32_t*>(column.values<std::int32_t>());  // null: -1
  }
}

std::uint32_t GroupIndex::look_up(std::size_t row) {
  const auto known = known_.find(bytes_.of(*batch_, row));
  if (known == known_.end()) return kNone;
  remember(row, known->second);
  return known->second;
}

void GroupIndex::remember(std::size_t row, std::uint32_t id) {
  if (slots_ == nullptr || slots_[row] == kNoSlot) return;
  const std::uint32_t slot = slots_[row];
  if (slot >= id_of_slot_.size()) id_of_slot_.resize(slot + slot / 2 + 64, kNone);
  id_of_slot_[slot] = id;
  slot_of_id_[id] = slot;
}

std::uint32_t GroupIndex::new_id() {
  if (!free_.empty()) {
    const std::uint32_t id = free_.back();
    free_.pop_back();
    return id;
  }
  const auto id = static_cast<std::uint32_t>(serials_.size());
  serials_.push_back(kNone);
  names_.push_back(nullptr);
  slot_of_id_.push_back(kNoSlot);
  constexpr std::size_t kFirst = 64;
  if ((id & (id - 1)) == 0) {  // at every power of two there is room for twice as many
    for (const auto& column : columns_) column->resize(std::max<std::size_t>(kFirst, 2 * id));
  }
  return id;
}

std::uint32_t GroupIndex::add(std::size_t row) {
  const std::uint32_t id = new_id();
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    columns_[c]->put_row(batch_->column(indices_[c]), row, id);
  }
  const auto made = known_.emplace(bytes_.of(*batch_, row), id).first;
  names_[id] = &made->first;
  serials_[id] = next_serial_++;
  remember(row, id);
  return id;
}

void GroupIndex::forget(std::uint32_t id) {
  known_.erase(known_.find(*names_[id]));
  serials_[id] = kNone;
  if (slot_of_id_[id] != kNoSlot) id_of_slot_[slot_of_id_[id]] = kNone;
  slot_of_id_[id] = kNoSlot;
  forgotten_.push_back(id);
}

void GroupIndex::reuse() {
  for (const std::uint32_t id : forgotten_) {
    for (const auto& column : columns_) column->release(id);
    free_.push_back(id);
  }
  forgotten_.clear();
}

std::vector<std::uint32_t> GroupIndex::in_order() const {
  std::vector<std::uint32_t> ids;
  for (std::uint32_t id = 0; id < serials_.size(); ++id) {
    if (serials_[id] != kNone) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end(),
            [this](std::uint32_t a, std::uint32_t b) { return serials_[a] < serials_[b]; });
  return ids;
}

void GroupIndex::snapshot(base::ByteWriter& writer) const {
  const std::vector<std::uint32_t> ids = in_order();
  writer.put(next_serial_);
  writer.put(static_cast<std::uint64_t>(ids.size()));
  for (const std::uint32_t id : ids) {
    writer.put(serials_[id]);
    writer.put_string(*names_[id]);
  }
  for (const auto& column : columns_) column->snapshot(writer, ids);
}

base::Status GroupIndex::restore(base::ByteReader& reader) {
  std::uint64_t count = 0;
  if (base::Status s = reader.get_into(next_serial_); !s) return s;
  if (base::Status s = reader.get_into(count); !s) return s;
  for (; count > 0; --count) {
    const std::uint32_t id = new_id();
    if (base::Status s = reader.get_into(serials_[id]); !s) return s;
    base::Result<std::string> name = reader.get_string();
    if (!name) return name.error();
    const auto [made, added] = known_.emplace(std::move(*name), id);
    if (!added || serials_[id] >= next_serial_) {
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "snapshot of a window's groups is damaged"};
    }
    names_[id] = &made->first;
  }
  for (const auto& column : columns_) {
    if (base::Status s = column->restore(reader, serials_.size()); !s) return s;
  }
  return {};
}

}  // namespace headrace::ops
