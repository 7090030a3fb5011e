// A sum of int64 that is exact whatever the order: 128 bits wide.
//
// Thread contract: plain value; 8-byte members.
// Cost: two additions a value.
//
//   ExactSum sum;  sum.add(x);  std::optional<std::int64_t> total = sum.value();
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace headrace::ops {

struct ExactSum {
  std::uint64_t low = 0;
  std::int64_t high = 0;

  void add(std::int64_t x) noexcept {
    const std::uint64_t before = low;
    low += static_cast<std::uint64_t>(x);
    high += (x < 0 ? -1 : 0) + (low < before ? 1 : 0);
  }
  void add(const ExactSum& other) noexcept {
    const std::uint64_t before = low;
    low += other.low;
    high += other.high + (low < before ? 1 : 0);
  }
  // Whether it can be the sum of any numbers that there are; adding to another one overflows.
  [[nodiscard]] bool consistent() const noexcept {
    constexpr std::int64_t kMost = std::int64_t{1} << 53U;
    return high >= -kMost && high <= kMost;
  }
  // Nothing where the sum is beyond int64.
  [[nodiscard]] std::optional<std::int64_t> value() const noexcept {
    const auto narrow = static_cast<std::int64_t>(low);
    if (high != (narrow < 0 ? -1 : 0)) return std::nullopt;
    return narrow;
  }
  // The nearest double; beyond int64 right to a unit or two in the last place.
  [[nodiscard]] double as_real() const noexcept {
    if (const std::optional<std::int64_t> narrow = value()) return static_cast<double>(*narrow);
    constexpr double kTwoTo64 = 18446744073709551616.0;
    return static_cast<double>(high) * kTwoTo64 + static_cast<double>(low);
  }
};

}  // namespace headrace::ops
