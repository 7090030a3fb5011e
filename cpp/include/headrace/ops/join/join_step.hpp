// What the operators of a join share: going through merged rows, and their snapshots.
//
// Thread contract: belongs to one operator.
// Cost: nothing a row; a hash table's look-up for each place of a snapshot.
//
//   for_each_row(order, [&](std::uint32_t input, std::size_t row) { ... });
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/ops/join/join_columns.hpp>
#include <headrace/ops/join/row_pool.hpp>
#include <headrace/ops/merge_operator.hpp>

namespace headrace::ops {

// Calls `use(input, row of that input)` for every row, in merged order.
template <class Use>
void for_each_row(std::span<const MergedRun> order, const Use& use) {
  std::size_t next[] = {0, 0};  // a join has two inputs
  for (const MergedRun& run : order) {
    for (std::uint32_t i = 0; i < run.rows; ++i) use(run.input, next[run.input]++);
  }
}

[[nodiscard]] inline base::Error damaged_join(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "snapshot of a join " + how};
}

// Whether rows can have come in this order, the last of them no later than `newest`.
[[nodiscard]] inline bool in_order(const RowPool& pool, RowPool::Places rows, std::int64_t newest) {
  const auto earlier = [&pool](auto a, auto b) { return pool.time(a) < pool.time(b); };
  return std::is_sorted(rows.begin(), rows.end(), earlier) &&
         (rows.empty() || pool.time(rows.back()) <= newest);
}

// Rows of a pool as a snapshot names them: by their number among those that it holds.
class SavedPlaces {
 public:
  static constexpr std::uint32_t kNone = RowPool::kNoRow;

  [[nodiscard]] std::uint32_t number_of(RowPool::Place place) {
    if (place == RowPool::kNoRow) return kNone;
    const auto next = static_cast<std::uint32_t>(places_.size());
    const auto [at, added] = numbers_.try_emplace(place, next);
    if (added) places_.push_back(place);
    return at->second;
  }
  [[nodiscard]] RowPool::Places places() const noexcept { return places_; }

 private:
  std::vector<RowPool::Place> places_;
  std::unordered_map<RowPool::Place, std::uint32_t> numbers_;
};

// And back: each use of a number is a reference of its own.
class RestoredPlaces {
 public:
  explicit RestoredPlaces(RowPool& pool) : pool_(pool) {}
  RestoredPlaces(const RestoredPlaces&) = delete;
  RestoredPlaces& operator=(const RestoredPlaces&) = delete;
  ~RestoredPlaces() {
    for (const RowPool::Place place : places_) pool_.drop(place);
  }

  [[nodiscard]] base::Status restore(base::ByteReader& reader) {
    return pool_.restore(reader, places_);
  }
  [[nodiscard]] base::Status get_into(base::ByteReader& reader, RowPool::Place& place) {
    std::uint32_t number = 0;
    if (base::Status s = reader.get_into(number); !s) return s;
    if (number != SavedPlaces::kNone && number >= places_.size()) {
      return damaged_join("names a row that it does not have");
    }
    place = number == SavedPlaces::kNone ? RowPool::kNoRow : places_[number];
    pool_.keep(place);
    return {};
  }

 private:
  RowPool& pool_;
  std::vector<RowPool::Place> places_;
};

}  // namespace headrace::ops
