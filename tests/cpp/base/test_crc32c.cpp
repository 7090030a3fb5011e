#include <headrace/base/crc32c.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <string_view>
#include <vector>

#include "catch.hpp"

using headrace::base::crc32c;
using headrace::base::crc32c_by_table;

namespace {

std::vector<std::byte> random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

std::array<std::byte, 32> thirty_two(auto byte_at) {
  std::array<std::byte, 32> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(byte_at(i));
  return bytes;
}

}  // namespace

// RFC 3720, appendix B.4.
TEST_CASE("CRC-32C has the values of RFC 3720") {
  CHECK(crc32c(thirty_two([](std::size_t) { return 0x00; })) == 0x8A9136AAU);
  CHECK(crc32c(thirty_two([](std::size_t) { return 0xFF; })) == 0x62A8AB43U);
  CHECK(crc32c(thirty_two([](std::size_t i) { return i; })) == 0x46DD794EU);
  CHECK(crc32c(thirty_two([](std::size_t i) { return 31 - i; })) == 0x113FDB5CU);
  const std::string_view digits = "123456789";
  CHECK(crc32c(std::as_bytes(std::span(digits))) == 0xE3069283U);
  CHECK(crc32c({}) == 0);
}

TEST_CASE("CRC-32C by instruction and by table agree, at any length and alignment") {
  const std::vector<std::byte> bytes = random_bytes(300, 1);
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t size = 0; size + from <= bytes.size(); ++size) {
      const std::span<const std::byte> part = std::span(bytes).subspan(from, size);
      REQUIRE(crc32c(part) == crc32c_by_table(part));
    }
  }
}

TEST_CASE("CRC-32C goes on where it was cut") {
  const std::vector<std::byte> bytes = random_bytes(1000, 2);
  const std::span<const std::byte> all(bytes);
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    REQUIRE(crc32c(all.subspan(cut), crc32c(all.first(cut))) == crc32c(all));
    REQUIRE(crc32c_by_table(all.subspan(cut), crc32c_by_table(all.first(cut))) == crc32c(all));
  }
}

TEST_CASE("CRC-32C sees any one bit") {
  std::vector<std::byte> bytes = random_bytes(257, 3);
  const std::uint32_t whole = crc32c(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const std::byte mask{static_cast<unsigned char>(1U << (bit % 8))};
    bytes[bit / 8] ^= mask;
    REQUIRE(crc32c(bytes) != whole);
    bytes[bit / 8] ^= mask;
  }
}
