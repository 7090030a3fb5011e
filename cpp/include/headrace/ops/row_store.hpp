// Rows that wait, each in a place of its own: what sorting, merging and joining hold on to.
//
// A row is copied into its place, column by column, and out again; places are used anew. Nothing of
// the batch that it came in is kept, so one waiting row does not keep thousands alive. In which
// order rows come out is the owner's affair.
//
// Thread contract: belongs to one owner.
// Cost: two copies of each value. Memory is that of the most rows ever held: 20 bytes for offset,
//   time and key, 9 a column, 9 more where rows have origins or tombstones, and the texts.
//
//   RowStore store(schema);
//   for (std::uint32_t place : store.put(batch)) order.push_back(place);
//   record::RecordBatch out = store.take(order);   // the rows in this order; their places are free
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/ops/held_column.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class RowStore {
 public:
  using Places = std::span<const std::uint32_t>;
  // kAsGiven: rows have origins from the first batch on that has them. kAlways: also the rows of
  // batches of one task.
  enum class Origins : std::uint8_t { kAsGiven, kAlways };

  explicit RowStore(record::SchemaPtr schema, Origins origins = Origins::kAsGiven);

  // All rows of a batch, which needs event times. Where they lie is borrowed: valid until the next
  // call.
  [[nodiscard]] Places put(const record::RecordBatch& batch);
  // A batch of these rows; task, epoch and position are the caller's.
  [[nodiscard]] record::RecordBatch take(Places places);
  // The places are free, and what was there is gone.
  void drop(Places places);

  [[nodiscard]] const record::SchemaPtr& schema() const noexcept { return schema_; }
  [[nodiscard]] std::int64_t offset(std::uint32_t place) const noexcept { return offsets_[place]; }
  [[nodiscard]] std::int64_t time(std::uint32_t place) const noexcept { return times_[place]; }
  [[nodiscard]] bool has_origins() const noexcept { return has_origins_; }
  // Needs has_origins().
  [[nodiscard]] record::TaskId origin(std::uint32_t place) const noexcept {
    return origins_[place];
  }

  // Equal rows give equal bytes, wherever they came to lie.
  void snapshot(base::ByteWriter& writer, Places places) const;
  // Into a new one, to the places 0, 1, ...; how many there are. After an error the store is only
  // to be thrown away.
  [[nodiscard]] base::Result<std::size_t> restore(base::ByteReader& reader);

 private:
  [[nodiscard]] std::uint32_t free_place();
  void grow(std::size_t places);
  void put_system_columns(const record::RecordBatch& batch);

  record::SchemaPtr schema_;
  std::vector<std::unique_ptr<HeldColumn>> columns_;
  std::vector<std::int64_t> offsets_;  // by place, as all that follow
  std::vector<std::int64_t> times_;
  std::vector<std::uint32_t> keys_;
  std::vector<record::TaskId> origins_;
  std::vector<std::uint8_t> deleted_;
  bool has_origins_ = false;
  bool has_deleted_ = false;
  std::vector<std::uint32_t> free_;    // places
  std::vector<std::uint32_t> places_;  // of the rows just put
};

}  // namespace headrace::ops
