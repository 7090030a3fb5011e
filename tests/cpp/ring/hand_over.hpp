// Numbers handed over between two threads in blocks of ever changing size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include <headrace/ring/spsc_ring.hpp>

namespace headrace::testing {

// Hands `count` numbers over, from near the end of the index range; returns how many arrived wrong.
template <class T, class Make, class Value>
std::uint64_t hand_over(std::size_t capacity, std::size_t largest_block, std::uint64_t count,
                        Make make, Value value) {
  ring::SpscRing<T> ring(capacity, std::numeric_limits<std::size_t>::max() - 1000);
  std::thread producer([&] {
    std::minstd_rand random(7);
    std::vector<T> block(largest_block);
    for (std::uint64_t next = 0; next < count;) {
      const std::size_t n = std::min<std::uint64_t>(1 + random() % largest_block, count - next);
      for (std::size_t i = 0; i < n; ++i) block[i] = make(next + i);
      for (std::size_t done = 0; done < n;) {
        const std::size_t pushed = ring.push({block.data() + done, n - done});
        if (pushed == 0) std::this_thread::yield();
        done += pushed;
      }
      next += n;
    }
  });
  std::uint64_t wrong = 0;
  std::minstd_rand random(11);
  std::vector<T> block(largest_block);
  for (std::uint64_t expected = 0; expected < count;) {
    const std::size_t n = ring.pop({block.data(), 1 + random() % largest_block});
    if (n == 0) std::this_thread::yield();
    for (std::size_t i = 0; i < n; ++i) wrong += value(block[i]) != expected++;
  }
  producer.join();
  return wrong;
}

inline std::uint64_t same(std::uint64_t x) { return x; }

}  // namespace headrace::testing
