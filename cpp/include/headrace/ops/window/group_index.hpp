// Which group a row belongs to: dense ids for the values of some columns, and the values back.
//
// Ids are given in the order in which groups first come. An id whose group was forgotten is used
// again; the serial of a group is not, and tells groups of one id apart.
//
// Thread contract: belongs to one operator.
// Cost: one load a row where the only column is the stream's key or text seen before in its
//   dictionary; else some 50 ns. Memory: the values and about 100 bytes a group; 4 bytes a key id.
//
//   groups.begin(batch);
//   std::uint32_t id = groups.of(row);
//   record::Column tickers = groups.values(0, ids);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/ops/held_column.hpp>
#include <headrace/ops/row_bytes.hpp>

namespace headrace::ops {

class GroupIndex {
 public:
  using Ids = std::span<const std::uint32_t>;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  GroupIndex(const record::Schema& schema, std::vector<std::size_t> columns);

  // The batch whose rows are asked for next; borrowed until the next begin.
  void begin(const record::RecordBatch& batch);
  // Id of the row's group, or kNone where it is new.
  [[nodiscard]] std::uint32_t find(std::size_t row) {
    const std::uint32_t known = cached(row);
    return known != kNone ? known : look_up(row);
  }
  // A new group for the row, which find did not know.
  [[nodiscard]] std::uint32_t add(std::size_t row);
  // The group is unknown from now on. Its id is given to a new group only after reuse().
  void forget(std::uint32_t id);
  void reuse();

  [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }   // groups
  [[nodiscard]] std::size_t ids() const noexcept { return serials_.size(); }  // all are below
  [[nodiscard]] std::uint32_t serial(std::uint32_t id) const noexcept { return serials_[id]; }
  [[nodiscard]] std::uint32_t next_serial() const noexcept { return next_serial_; }
  [[nodiscard]] record::Column values(std::size_t column, Ids ids) const {
    return columns_[column]->copy(ids);
  }
  // Ids in the order in which their groups came.
  [[nodiscard]] std::vector<std::uint32_t> in_order() const;

  // Of the batches, which the groups are made of.
  [[nodiscard]] const std::vector<std::size_t>& columns() const noexcept { return indices_; }

  // In this order; restored groups have the ids 0, 1, ...
  void snapshot(base::ByteWriter& writer) const;
  // Into a new one; after an error it is only to be thrown away.
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  enum class Cache : std::uint8_t { kNone, kKeyIds, kCodes };
  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

  [[nodiscard]] std::uint32_t cached(std::size_t row) const noexcept {
    if (slots_ == nullptr) return kNone;
    const std::uint32_t slot = slots_[row];
    return slot < id_of_slot_.size() ? id_of_slot_[slot] : kNone;
  }
  [[nodiscard]] std::uint32_t look_up(std::size_t row);
  void remember(std::size_t row, std::uint32_t id);
  [[nodiscard]] std::uint32_t new_id();

  std::vector<std::size_t> indices_;  // of the columns in the batches
  std::vector<std::unique_ptr<HeldColumn>> columns_;
  RowBytes bytes_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> known_;
  std::vector<std::uint32_t> serials_;     // by id; of forgotten ones kNone
  std::vector<const std::string*> names_;  // by id: keys of known_
  std::vector<std::uint32_t> slot_of_id_;  // in the cache, by id
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> forgotten_;
  std::uint32_t next_serial_ = 0;

  // A row's slot is its key id, or its text's code; what was found for it is kept by slot.
  bool by_key_;
  bool by_code_;
  const record::RecordBatch* batch_ = nullptr;
  const std::uint32_t* slots_ = nullptr;  // by row; null: no cache
  record::DictionaryPtr dictionary_;      // that the slots are codes of
  std::vector<std::uint32_t> id_of_slot_;
};

}  // namespace headrace::ops
