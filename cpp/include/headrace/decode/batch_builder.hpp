// Growing columns of one task: the decoder writes values in place, the row is committed at the end.
//
// Columns are allocated for `capacity` rows at once from the buffer pool. The write position of all
// columns is the same row index; a row that is not committed is simply overwritten by the next one,
// so a record that fails half way leaves no trace. Key ids are assigned on commit.
//
// Thread contract: one ingest thread.
// Cost: a commit is a few stores; finish() hands the buffers over and takes new ones from the pool.
//
//   BatchBuilder b(schema, keys, dictionaries, 4096);
//   b.values<double>(5)[b.row()] = 1.5;
//   b.commit(offset);
//   record::RecordBatch batch = b.finish();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <headrace/record/record_batch.hpp>

namespace headrace::decode {

// Dense key ids of one task, in order of first appearance. They live as long as the task's state.
// int64 keys are interned by their eight bytes, strings by their text.
class KeyIndex {
 public:
  [[nodiscard]] std::uint32_t id_of(std::string_view key);
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(names_->size());
  }
  // Borrowed: valid while the KeyIndex lives.
  [[nodiscard]] std::string_view text(std::uint32_t id) const noexcept {
    return names_->text(static_cast<std::int32_t>(id));
  }

 private:
  record::DictionaryPtr names_ = std::make_shared<record::Dictionary>();
};

class BatchBuilder {
 public:
  // A dictionary beyond this many bytes is closed and a new generation begun at the next finish().
  static constexpr std::size_t kDictionaryCap = 8U << 20U;

  BatchBuilder(record::SchemaPtr schema, std::size_t capacity);

  [[nodiscard]] const record::SchemaPtr& schema() const noexcept { return schema_; }
  [[nodiscard]] std::size_t row() const noexcept { return row_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool full() const noexcept { return row_ == capacity_; }

  // Borrowed: valid until finish().
  template <class T>
  [[nodiscard]] T* values(std::size_t column) noexcept {
    return static_cast<T*>(data_[column]);
  }
  void put_null(std::size_t column);  // current row; writes the defined value under the null too
  [[nodiscard]] std::int32_t intern(std::size_t column, std::string_view text);

  void commit(std::int64_t offset);  // the row is complete: assign the key id and step on
  // The committed rows as a batch (task, epoch, next_offset are the caller's to set).
  [[nodiscard]] record::RecordBatch finish();
  [[nodiscard]] const KeyIndex& keys() const noexcept { return keys_; }
  [[nodiscard]] KeyIndex& keys() noexcept { return keys_; }

 private:
  void allocate();
  [[nodiscard]] std::uint32_t key_of_row();

  record::SchemaPtr schema_;
  std::size_t capacity_;
  std::size_t row_ = 0;
  std::vector<record::Column> columns_;
  std::vector<void*> data_;
  record::BufferPtr offsets_;
  record::BufferPtr key_ids_;
  std::vector<record::DictionaryPtr> dictionaries_;
  KeyIndex keys_;
  // Key id of each dictionary code of the key column, so that a known key costs one load.
  std::vector<std::uint32_t> key_of_code_;
};

}  // namespace headrace::decode
