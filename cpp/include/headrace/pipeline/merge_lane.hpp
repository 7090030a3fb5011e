// The rows of one channel that wait to be merged, by key, rows of equal keys as they came.
//
// Most rows come in order and are a queue; only those that do not go through a heap.
//
// Thread contract: belongs to one Merge.
// Cost: a store and a load for a row in order; log2(strays) comparisons for a stray. 24 bytes a
// row.
//
//   lane.push(key, place);
//   while (!lane.empty() && lane.front().key < bound) places.push_back(lane.pop());
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace headrace::pipeline {

class MergeLane {
 public:
  struct Row {
    std::int64_t key = 0;
    std::uint64_t arrival = 0;
    std::uint32_t place = 0;
  };

  void push(std::int64_t key, std::uint32_t place);
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return run_.size() - begun_ + strays_.size(); }
  [[nodiscard]] const Row& front() const noexcept {
    return stray_first() ? strays_.front() : run_[begun_];
  }
  std::uint32_t pop();  // the place of the front
  void clear() noexcept;
  [[nodiscard]] std::vector<Row> sorted() const;

 private:
  [[nodiscard]] bool stray_first() const noexcept;

  std::vector<Row> run_;  // in order; those before begun_ are gone
  std::size_t begun_ = 0;
  std::vector<Row> strays_;  // a heap, the earliest first
  std::uint64_t arrivals_ = 0;
};

}  // namespace headrace::pipeline
