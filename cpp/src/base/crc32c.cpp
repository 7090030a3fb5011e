#include <headrace/base/crc32c.hpp>

#include <array>
#include <cstring>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace headrace::base {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  constexpr std::uint32_t kReversed = 0x82F63B78U;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? kReversed : 0);
    table[i] = value;
  }
  return table;
}

std::uint32_t by_table(std::uint32_t crc, std::span<const std::byte> bytes) noexcept {
  static constexpr std::array<std::uint32_t, 256> kTable = make_table();
  for (const std::byte byte : bytes) {
    crc = kTable[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU] ^ (crc >> 8U);
  }
  return crc;
}

#ifdef __SSE4_2__

std::uint32_t update(std::uint32_t crc, std::span<const std::byte> bytes) noexcept {
  std::uint64_t sum = crc;
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    sum = _mm_crc32_u64(sum, word);
    bytes = bytes.subspan(sizeof word);
  }
  auto small = static_cast<std::uint32_t>(sum);
  for (const std::byte byte : bytes) {
    small = _mm_crc32_u8(small, std::to_integer<unsigned char>(byte));
  }
  return small;
}

#else

std::uint32_t update(std::uint32_t crc, std::span<const std::byte> bytes) noexcept {
  return by_table(crc, bytes);
}

#endif

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t former) noexcept {
  return ~update(~former, bytes);
}

std::uint32_t crc32c_by_table(std::span<const std::byte> bytes, std::uint32_t former) noexcept {
  return ~by_table(~former, bytes);
}

}  // namespace headrace::base
