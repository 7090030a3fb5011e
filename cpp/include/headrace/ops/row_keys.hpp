// Key ids for batches that come typed already: what BatchBuilder does while decoding.
//
// Thread contract: one thread at a time.
// Cost: one load a row for string keys already seen in their dictionary; one lookup otherwise.
//
//   RowKeys keys(*schema);
//   keys.assign(batch);   // batch.key_ids and batch.key_count
#pragma once

#include <cstdint>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/base/error.hpp>
#include <headrace/decode/batch_builder.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class RowKeys {
 public:
  explicit RowKeys(const record::Schema& schema) : column_(schema.key_index()) {}
  // Does nothing where the schema has no key.
  void assign(record::RecordBatch& batch);

  // The keys seen, in the order of their ids, which state by key depends on.
  void snapshot(base::ByteWriter& writer) const;
  // After an error it is what it was before.
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  static constexpr std::uint32_t kNoId = 0xFFFFFFFFU;
  [[nodiscard]] std::uint32_t id_of_code(const record::Dictionary& words, std::int32_t code);

  int column_;
  decode::KeyIndex keys_;
  record::DictionaryPtr words_;  // that id_of_code_ is about
  std::vector<std::uint32_t> id_of_code_;
};

}  // namespace headrace::ops
