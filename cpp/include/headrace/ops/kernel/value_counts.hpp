// How often each value came: a small hash table of 64-bit values.
//
// Thread contract: belongs to one aggregate.
// Cost: one probe a value; 16 bytes a distinct value, at most half of the places used.
//
//   ValueCounts counts;  counts.add(42, 1);  counts.size();
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace headrace::ops {

class ValueCounts {
 public:
  struct Entry {
    std::uint64_t value = 0;
    std::int64_t count = 0;  // 0: a free place
  };

  void add(std::uint64_t value, std::int64_t count) {
    if (2 * (size_ + 1) > places_.size()) grow();
    Entry& entry = places_[place_of(value)];
    if (entry.count == 0) ++size_;
    entry.value = value;
    entry.count += count;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // In no order that means anything.
  [[nodiscard]] std::vector<Entry> entries() const {
    std::vector<Entry> all;
    all.reserve(size_);
    for (const Entry& entry : places_) {
      if (entry.count != 0) all.push_back(entry);
    }
    return all;
  }

 private:
  [[nodiscard]] std::size_t place_of(std::uint64_t value) const noexcept {
    const std::size_t mask = places_.size() - 1;
    // Fibonacci hashing: the high bits of a product with 2^64 / golden ratio.
    std::size_t at = static_cast<std::size_t>((value * 0x9E3779B97F4A7C15ULL) >> 20U) & mask;
    while (places_[at].count != 0 && places_[at].value != value) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<Entry> before(places_.empty() ? 8 : 2 * places_.size());
    before.swap(places_);
    for (const Entry& entry : before) {
      if (entry.count != 0) places_[place_of(entry.value)] = entry;
    }
  }

  std::vector<Entry> places_;
  std::size_t size_ = 0;
};

}  // namespace headrace::ops
