// Eight bytes at a time in a general register: find the first byte of a kind.
//
// The masks have the high bit of a byte set where it is of the kind; only the LOWEST set bit is
// meant (borrows and carries may touch the bytes above it), so callers take first_byte() of it.
//
// Thread contract: pure functions.
// Cost: 1-2 ns each, no branches.
//
//   const std::uint64_t w = load8(p);                 // eight readable bytes
//   const int digits = first_byte(non_digits(w));     // 8 where all are digits
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace headrace::decode {

static_assert(std::endian::native == std::endian::little, "the first byte is the lowest one");

inline constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
inline constexpr std::uint64_t kHighs = 0x8080808080808080ULL;

[[nodiscard]] inline std::uint64_t load8(const char* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Index of the lowest marked byte; 8 where the mask is empty.
[[nodiscard]] inline int first_byte(std::uint64_t mask) noexcept {
  return std::countr_zero(mask) >> 3;
}

[[nodiscard]] inline std::uint64_t bytes_equal(std::uint64_t word, char c) noexcept {
  const std::uint64_t x = word ^ (kOnes * static_cast<std::uint8_t>(c));
  return (x - kOnes) & ~x & kHighs;
}

[[nodiscard]] inline std::uint64_t non_digits(std::uint64_t word) noexcept {
  const std::uint64_t x = word ^ (kOnes * '0');  // digits become 0..9
  return ((x + kOnes * (0x80 - 10)) | x) & kHighs;
}

// What ends or complicates a JSON string: a quote, a backslash, a control character.
[[nodiscard]] inline std::uint64_t string_specials(std::uint64_t word) noexcept {
  const std::uint64_t controls = (word - kOnes * 0x20) & ~word & kHighs;
  return bytes_equal(word, '"') | bytes_equal(word, '\\') | controls;
}

[[nodiscard]] inline std::uint64_t beyond_ascii(std::uint64_t word) noexcept {
  return word & kHighs;
}

}  // namespace headrace::decode
