// One column of rows that wait: values by place, of any of the five types.
//
// Thread contract: belongs to whoever holds the rows (held_rows.hpp, join/row_pool.hpp).
// Cost: one virtual call a batch; a load and a store a value, one more load for a text met before.
//
//   auto column = HeldColumn::make(record::DType::kString);
//   column->put(batch.column(c), places);       // row i to places[i]
//   record::Column out = column->take(places);  // and out again, in this order
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <headrace/base/bytes.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class HeldColumn {
 public:
  using Places = std::span<const std::uint32_t>;
  static constexpr std::uint32_t kNowhere = 0xFFFFFFFFU;

  [[nodiscard]] static std::unique_ptr<HeldColumn> make(record::DType type);
  virtual ~HeldColumn() = default;

  virtual void resize(std::size_t places) = 0;
  virtual void put(const record::Column& from, Places places) = 0;
  virtual void put_row(const record::Column& from, std::size_t row, std::uint32_t place) = 0;
  // In the order given; a null where a place is kNowhere.
  [[nodiscard]] virtual record::Column copy(Places places) const = 0;
  // The place is free then: its text may be forgotten.
  virtual void release(std::uint32_t place) = 0;
  // copy, then release.
  [[nodiscard]] virtual record::Column take(Places places) = 0;
  virtual void snapshot(base::ByteWriter& writer, Places places) const = 0;
  // Into the places 0, 1, ... of a column that has room for them.
  [[nodiscard]] virtual base::Status restore(base::ByteReader& reader, std::size_t rows) = 0;
};

}  // namespace headrace::ops
