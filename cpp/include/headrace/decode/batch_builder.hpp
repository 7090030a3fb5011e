// Growing columns of one task: the decoder writes values in place, the row is committed at the end.
//
// Columns are allocated for `capacity` rows at once from the buffer pool (grow() asks for more).
// The write position of all columns is the same row index; a row that is not committed is simply
// overwritten by the next one, so a record that fails half way leaves no trace. Key ids are
// assigned on commit.
//
// Thread contract: one ingest thread.
// Cost: a commit is a few stores; interning a text of up to 8 bytes that was seen lately 2 ns;
//   finish() hands the buffers over and takes new ones from the pool, or, where less than a quarter
//   is filled, copies the rows out, so that a kept batch of one row does not pin a whole batch.
//
//   BatchBuilder b(schema, 4096);
//   b.values<double>(5)[b.row()] = 1.5;
//   b.commit(offset);
//   record::RecordBatch batch = b.finish();
#pragma once

#include <array>
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
  [[nodiscard]] std::uint32_t id_of(std::string_view key) {
    return static_cast<std::uint32_t>(names_->intern(key));
  }
  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(names_->size());
  }
  [[nodiscard]] const record::DictionaryPtr& names() const noexcept { return names_; }
  // Borrowed: valid while the KeyIndex lives.
  [[nodiscard]] std::string_view text(std::uint32_t id) const noexcept {
    return names_->text(static_cast<std::int32_t>(id));
  }

 private:
  record::DictionaryPtr names_ = std::make_shared<record::Dictionary>();
};

// Codes of short texts seen lately, so that a repeated one costs a multiplication and a compare.
class CodeCache {
 public:
  // -1 where unknown. `word` holds the text's bytes, the first one lowest, the others zero.
  [[nodiscard]] std::int32_t find(std::uint64_t word, std::size_t size) const noexcept {
    const Entry& entry = entries_[slot(word)];
    return entry.word == word && entry.size == size ? entry.code : -1;
  }
  void put(std::uint64_t word, std::size_t size, std::int32_t code) noexcept {
    entries_[slot(word)] = {.word = word, .size = static_cast<std::uint32_t>(size), .code = code};
  }
  void clear() noexcept { entries_.fill({}); }

 private:
  struct Entry {
    std::uint64_t word = 0;
    std::uint32_t size = ~std::uint32_t{0};
    std::int32_t code = -1;
  };
  // 8 KiB: some hundred tickers collide rarely, and a quarter of the first-level cache is enough.
  static constexpr unsigned kBits = 9;
  static std::size_t slot(std::uint64_t word) noexcept {
    return static_cast<std::size_t>((word * 0x9E3779B97F4A7C15ULL) >> (64U - kBits));
  }
  std::array<Entry, std::size_t{1} << kBits> entries_{};
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
  // The same for a text of at most 8 bytes, given as a word: first byte lowest, the rest zero.
  [[nodiscard]] std::int32_t intern_word(std::size_t column, std::uint64_t word, std::size_t size) {
    const std::int32_t code = caches_[column]->find(word, size);
    return code >= 0 ? code : intern_new_word(column, word, size);
  }

  // The row is complete: assign the key id and step on.
  void commit(std::int64_t offset) {
    offset_values_[row_] = offset;
    if (key_column_ >= 0) key_values_[row_] = key_of_row();
    if (!nulls_.empty()) mark_nulls();
    ++row_;
  }
  // Room for twice as many rows; those committed stay. Between rows.
  void grow();
  // The current row, which is to be committed next, is a tombstone.
  void mark_deleted() { deleted_.push_back(row_); }
  // The row is given up: forgets its nulls (values are simply overwritten).
  void abandon() noexcept { nulls_.clear(); }

  // The committed rows as a batch (task, epoch, next_offset are the caller's to set).
  [[nodiscard]] record::RecordBatch finish();
  [[nodiscard]] const KeyIndex& keys() const noexcept { return keys_; }
  [[nodiscard]] KeyIndex& keys() noexcept { return keys_; }

 private:
  static constexpr std::uint32_t kNoKey = ~std::uint32_t{0};

  void allocate();
  void mark_nulls();
  void renew_dictionaries();
  [[nodiscard]] record::RecordBatch hand_over();
  [[nodiscard]] record::RecordBatch copy_out();
  void complete(record::RecordBatch& batch) const;
  [[nodiscard]] std::int32_t intern_new_word(std::size_t column, std::uint64_t word,
                                             std::size_t size);
  [[nodiscard]] std::uint32_t key_of_row() {
    if (!string_key_) return key_of_int64();
    const auto code =
        static_cast<std::size_t>(values<std::int32_t>(static_cast<std::size_t>(key_column_))[row_]);
    const std::uint32_t id = code < key_of_code_.size() ? key_of_code_[code] : kNoKey;
    return id != kNoKey ? id : key_of_new_code(code);
  }
  [[nodiscard]] std::uint32_t key_of_int64();
  [[nodiscard]] std::uint32_t key_of_new_code(std::size_t code);

  record::SchemaPtr schema_;
  std::size_t capacity_;
  std::size_t row_ = 0;
  int key_column_ = -1;
  bool string_key_ = false;
  std::vector<record::Column> columns_;
  std::vector<void*> data_;
  record::BufferPtr offsets_;
  record::BufferPtr key_ids_;
  std::int64_t* offset_values_ = nullptr;
  std::uint32_t* key_values_ = nullptr;
  std::vector<record::DictionaryPtr> dictionaries_;  // null for columns other than strings
  std::vector<std::unique_ptr<CodeCache>> caches_;   // likewise
  std::vector<std::size_t> nulls_;                   // columns of the current row
  std::vector<std::size_t> deleted_;                 // rows that are tombstones
  KeyIndex keys_;
  // Key id of each dictionary code of the key column, so that a known key costs one load.
  std::vector<std::uint32_t> key_of_code_;
  CodeCache key_cache_;  // int64 keys
};

}  // namespace headrace::decode
