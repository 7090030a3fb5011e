// Runs of validity bits (least significant first), copied to any bit position.
//
// Thread contract: pure functions; bytes at the ends of the target run are read and rewritten.
// Cost: a byte at a time.
//
//   copy_bits(from, 3, 100, to, 17);   // 100 bits
#pragma once

#include <cstddef>
#include <cstdint>

namespace headrace::pipeline {

[[nodiscard]] constexpr std::size_t bitmap_bytes(std::size_t bits) noexcept {
  return (bits + 7) / 8;
}
[[nodiscard]] inline bool get_bit(const std::uint8_t* bits, std::size_t i) noexcept {
  return ((bits[i >> 3U] >> (i & 7U)) & 1U) != 0;
}
inline void put_bit(std::uint8_t* bits, std::size_t i, bool value) noexcept {
  const auto mask = static_cast<std::uint8_t>(1U << (i & 7U));
  bits[i >> 3U] = static_cast<std::uint8_t>(value ? bits[i >> 3U] | mask : bits[i >> 3U] & ~mask);
}
void set_bits(std::uint8_t* to, std::size_t to_bit, std::size_t n) noexcept;
// The ranges must not overlap.
void copy_bits(const std::uint8_t* from, std::size_t from_bit, std::size_t n, std::uint8_t* to,
               std::size_t to_bit) noexcept;
[[nodiscard]] bool all_set(const std::uint8_t* bits, std::size_t from_bit, std::size_t n) noexcept;

}  // namespace headrace::pipeline
