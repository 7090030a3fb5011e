#include <headrace/decode/batch_builder.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace headrace::decode {
namespace {

using record::Buffer;
using record::BufferPtr;
using record::Column;
using record::DType;

constexpr std::size_t kWord = sizeof(std::uint64_t);

BufferPtr copied(const Buffer& from, std::size_t bytes) {
  BufferPtr to = Buffer::allocate(bytes);
  std::memcpy(to->data(), from.data(), bytes);
  return to;
}

std::string_view text_of(const std::uint64_t& word, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(&word), size};
}

}  // namespace

BatchBuilder::BatchBuilder(record::SchemaPtr schema, std::size_t capacity)
    : schema_(std::move(schema)),
      capacity_(capacity),
      key_column_(schema_->key_index()),
      dictionaries_(schema_->size()),
      caches_(schema_->size()) {
  if (capacity_ == 0) {
    throw base::Exception(base::invalid_argument("a batch holds at least one row, got 0"));
  }
  for (std::size_t i = 0; i < schema_->size(); ++i) {
    if (schema_->fields()[i].type != DType::kString) continue;
    dictionaries_[i] = std::make_shared<record::Dictionary>();
    caches_[i] = std::make_unique<CodeCache>();
  }
  string_key_ = key_column_ >= 0 &&
                schema_->fields()[static_cast<std::size_t>(key_column_)].type == DType::kString;
  nulls_.reserve(schema_->size());
  allocate();
}

void BatchBuilder::allocate() {
  columns_.clear();
  data_.clear();
  for (std::size_t i = 0; i < schema_->size(); ++i) {
    columns_.push_back(Column::make(schema_->fields()[i].type, capacity_));
    columns_.back().dictionary = dictionaries_[i];
    data_.push_back(columns_.back().data->data());
  }
  offsets_ = Buffer::allocate(capacity_ * sizeof(std::int64_t));
  offset_values_ = offsets_->as<std::int64_t>();
  if (key_column_ >= 0) {
    key_ids_ = Buffer::allocate(capacity_ * sizeof(std::uint32_t));
    key_values_ = key_ids_->as<std::uint32_t>();
  }
}

void BatchBuilder::put_null(std::size_t column) {
  switch (columns_[column].type) {
    case DType::kBool:
      values<std::uint8_t>(column)[row_] = 0;
      break;
    case DType::kInt64:
    case DType::kTimestamp:
      values<std::int64_t>(column)[row_] = 0;
      break;
    case DType::kFloat64:
      values<double>(column)[row_] = std::numeric_limits<double>::quiet_NaN();
      break;
    case DType::kString:
      values<std::int32_t>(column)[row_] = -1;
      break;
  }
  nulls_.push_back(column);
}

void BatchBuilder::mark_nulls() {
  for (const std::size_t column : nulls_) columns_[column].set_null(row_, capacity_);
  nulls_.clear();
}

std::int32_t BatchBuilder::intern(std::size_t column, std::string_view text) {
  if (text.size() > kWord) return dictionaries_[column]->intern(text);
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return intern_word(column, word, text.size());
}

std::int32_t BatchBuilder::intern_new_word(std::size_t column, std::uint64_t word,
                                           std::size_t size) {
  const std::int32_t code = dictionaries_[column]->intern(text_of(word, size));
  caches_[column]->put(word, size, code);
  return code;
}

std::uint32_t BatchBuilder::key_of_int64() {
  const auto word = values<std::uint64_t>(static_cast<std::size_t>(key_column_))[row_];
  if (const std::int32_t known = key_cache_.find(word, kWord); known >= 0) {
    return static_cast<std::uint32_t>(known);
  }
  const std::uint32_t id = keys_.id_of(text_of(word, kWord));
  key_cache_.put(word, kWord, static_cast<std::int32_t>(id));
  return id;
}

std::uint32_t BatchBuilder::key_of_new_code(std::size_t code) {
  const record::Dictionary& words = *dictionaries_[static_cast<std::size_t>(key_column_)];
  if (code >= key_of_code_.size()) key_of_code_.resize(code + 1, kNoKey);
  key_of_code_[code] = keys_.id_of(words.text(static_cast<std::int32_t>(code)));
  return key_of_code_[code];
}

void BatchBuilder::grow() {
  const std::vector<Column> columns = std::move(columns_);
  const BufferPtr offsets = std::move(offsets_);
  const BufferPtr key_ids = std::move(key_ids_);
  const std::size_t rows = std::exchange(capacity_, 2 * capacity_);
  allocate();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& from = columns[i];
    std::memcpy(columns_[i].data->data(), from.data->data(), rows * record::width_of(from.type));
    for (std::size_t row = 0; from.validity && row < row_; ++row) {
      if (!from.is_valid(row)) columns_[i].set_null(row, capacity_);
    }
  }
  std::memcpy(offset_values_, offsets->data(), rows * sizeof(std::int64_t));
  if (key_ids) std::memcpy(key_values_, key_ids->data(), rows * sizeof(std::uint32_t));
}

void BatchBuilder::renew_dictionaries() {
  for (std::size_t i = 0; i < dictionaries_.size(); ++i) {
    if (!dictionaries_[i] || dictionaries_[i]->memory() <= kDictionaryCap) continue;
    dictionaries_[i] = std::make_shared<record::Dictionary>();
    columns_[i].dictionary = dictionaries_[i];
    caches_[i]->clear();
    if (static_cast<int>(i) == key_column_) key_of_code_.clear();
  }
}

record::RecordBatch BatchBuilder::hand_over() {
  record::RecordBatch batch(schema_, row_, std::move(columns_));
  batch.offsets = std::move(offsets_);
  batch.key_ids = std::move(key_ids_);
  complete(batch);
  allocate();
  return batch;
}

record::RecordBatch BatchBuilder::copy_out() {
  std::vector<Column> columns = columns_;
  for (Column& column : columns) {
    column.data = copied(*column.data, row_ * record::width_of(column.type));
    if (column.validity) column.validity = copied(*column.validity, (row_ + 7) / 8);
  }
  for (Column& column : columns_) column.validity.reset();
  record::RecordBatch batch(schema_, row_, std::move(columns));
  batch.offsets = copied(*offsets_, row_ * sizeof(std::int64_t));
  if (key_ids_) batch.key_ids = copied(*key_ids_, row_ * sizeof(std::uint32_t));
  complete(batch);
  return batch;
}

void BatchBuilder::complete(record::RecordBatch& batch) const {
  const int event_time = schema_->event_time_index();
  if (event_time >= 0) batch.event_times = batch.column(static_cast<std::size_t>(event_time)).data;
  if (key_column_ >= 0) batch.key_count = keys_.size();
  if (deleted_.empty()) return;
  batch.deleted = Buffer::allocate_zeroed(row_);
  for (const std::size_t row : deleted_) batch.deleted->as<std::uint8_t>()[row] = 1;
}

record::RecordBatch BatchBuilder::finish() {
  abandon();
  record::RecordBatch batch = row_ * 4 <= capacity_ ? copy_out() : hand_over();
  row_ = 0;
  deleted_.clear();
  renew_dictionaries();
  return batch;
}

}  // namespace headrace::decode
