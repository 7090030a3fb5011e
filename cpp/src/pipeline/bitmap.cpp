#include <headrace/pipeline/bitmap.hpp>

#include <cstring>

namespace headrace::pipeline {
namespace {

// Eight bits that begin at any bit; reads the next byte only where a bit of it is needed.
std::uint8_t byte_at(const std::uint8_t* from, std::size_t bit) noexcept {
  const std::size_t shift = bit & 7U;
  const std::uint8_t* at = from + (bit >> 3U);
  if (shift == 0) return *at;
  return static_cast<std::uint8_t>((at[0] >> shift) | (at[1] << (8 - shift)));
}

}  // namespace

void set_bits(std::uint8_t* to, std::size_t to_bit, std::size_t n) noexcept {
  for (; n > 0 && (to_bit & 7U) != 0; --n) put_bit(to, to_bit++, true);
  if (n >= 8) std::memset(to + (to_bit >> 3U), 0xFF, n / 8);  // `to` may be null where n is 0
  to_bit += n & ~std::size_t{7};
  for (n &= 7U; n > 0; --n) put_bit(to, to_bit++, true);
}

void copy_bits(const std::uint8_t* from, std::size_t from_bit, std::size_t n, std::uint8_t* to,
               std::size_t to_bit) noexcept {
  for (; n > 0 && (to_bit & 7U) != 0; --n) put_bit(to, to_bit++, get_bit(from, from_bit++));
  for (; n >= 8; n -= 8, from_bit += 8, to_bit += 8) to[to_bit >> 3U] = byte_at(from, from_bit);
  for (; n > 0; --n) put_bit(to, to_bit++, get_bit(from, from_bit++));
}

bool all_set(const std::uint8_t* bits, std::size_t from_bit, std::size_t n) noexcept {
  for (; n >= 8; n -= 8, from_bit += 8) {
    if (byte_at(bits, from_bit) != 0xFF) return false;
  }
  for (; n > 0; --n) {
    if (!get_bit(bits, from_bit++)) return false;
  }
  return true;
}

}  // namespace headrace::pipeline
