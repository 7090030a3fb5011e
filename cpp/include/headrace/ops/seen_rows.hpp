// Which rows were there before, by their bytes, and where: the memory of deduplicate.
//
// Rows can be forgotten by event time. That happens now and then, when their number has doubled, so
// whoever finds a row that is too old must take it as not found: then it does not matter when.
//
// Thread contract: belongs to one operator.
// Cost: a hash table's look-up; forgetting costs as much as putting what stays, once per doubling.
//   Memory is the bytes and about 60 a row.
//
//   const auto [row, added] = seen.add(bytes, {.offset = 18229, .time = time});
//   if (!added) ...   // `row` came before
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/record/dictionary.hpp>

namespace headrace::ops {

struct SeenRow {
  std::int64_t offset = 0;
  std::int64_t time = 0;
};

class SeenRows {
 public:
  // Null where the row is unknown. Borrowed, as the next: valid until the next add or forget.
  [[nodiscard]] const SeenRow* find(std::string_view bytes) const noexcept;
  // The row that has these bytes, and whether it is this one, for there was none.
  [[nodiscard]] std::pair<SeenRow*, bool> add(std::string_view bytes, SeenRow row);
  // May drop rows of before `oldest`.
  void forget(std::int64_t oldest);
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }

  // Rows from `oldest` on; equal contents give equal bytes whatever was dropped already.
  void snapshot(base::ByteWriter& writer, std::int64_t oldest) const;
  // Into an empty one; after an error it is only to be thrown away.
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  // Rows: half a megabyte. With few rows to keep, sweeping more often would cost more than that.
  static constexpr std::size_t kFirstSweep = 8192;

  std::unique_ptr<record::Dictionary> bytes_ = std::make_unique<record::Dictionary>();
  std::vector<SeenRow> rows_;  // by code of bytes_
  std::size_t sweep_at_ = kFirstSweep;
};

}  // namespace headrace::ops
