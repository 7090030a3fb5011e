// How many records of a sample come from which partition.
//
// Thread contract: pure functions.
// Cost: n log n in the partitions.
//
//   spread(10, {100, 2, 100});   // 4, 2, 4
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace headrace::source {

// Shares out `total` evenly among those that have `available`; who has less leaves the rest to the
// others. The first ones get one more where it does not come out even.
[[nodiscard]] inline std::vector<std::size_t> spread(std::size_t total,
                                                     std::span<const std::size_t> available) {
  std::vector<std::size_t> order(available.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return available[a] < available[b] || (available[a] == available[b] && a > b);
  });
  std::vector<std::size_t> shares(available.size());
  for (std::size_t served = 0; served < order.size(); ++served) {
    const std::size_t who = order[served];
    shares[who] = std::min(available[who], total / (order.size() - served));
    total -= shares[who];
  }
  return shares;
}

}  // namespace headrace::source
