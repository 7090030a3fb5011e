#include <headrace/pipeline/bitmap.hpp>

#include <random>
#include <vector>

#include "catch.hpp"

using headrace::pipeline::all_set;
using headrace::pipeline::bitmap_bytes;
using headrace::pipeline::copy_bits;
using headrace::pipeline::get_bit;
using headrace::pipeline::set_bits;

namespace {

using Bytes = std::vector<std::uint8_t>;

std::vector<bool> bits_of(const Bytes& bytes) {
  std::vector<bool> bits;
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) bits.push_back(get_bit(bytes.data(), i));
  return bits;
}

}  // namespace

TEST_CASE("bits are copied from any position to any position, and none beside them") {
  std::minstd_rand random(1);
  for (std::size_t from_bit = 0; from_bit < 18; ++from_bit) {
    for (std::size_t to_bit = 0; to_bit < 18; ++to_bit) {
      for (std::size_t n = 0; n < 40; ++n) {
        Bytes from(bitmap_bytes(from_bit + n));  // exactly as long as needed: ASan sees one more
        Bytes to(bitmap_bytes(to_bit + n) + 1);
        for (auto& byte : from) byte = static_cast<std::uint8_t>(random());
        for (auto& byte : to) byte = static_cast<std::uint8_t>(random());
        std::vector<bool> expected = bits_of(to);
        for (std::size_t i = 0; i < n; ++i)
          expected[to_bit + i] = get_bit(from.data(), from_bit + i);
        copy_bits(from.data(), from_bit, n, to.data(), to_bit);
        REQUIRE(bits_of(to) == expected);
      }
    }
  }
}

TEST_CASE("a run of bits is set, and none beside it") {
  for (std::size_t to_bit = 0; to_bit < 18; ++to_bit) {
    for (std::size_t n = 0; n < 40; ++n) {
      Bytes to(bitmap_bytes(to_bit + n) + 1);
      set_bits(to.data(), to_bit, n);
      for (std::size_t i = 0; i < to.size() * 8; ++i) {
        REQUIRE(get_bit(to.data(), i) == (i >= to_bit && i < to_bit + n));
      }
    }
  }
}

TEST_CASE("all_set looks at its run alone") {
  for (std::size_t from = 0; from < 10; ++from) {
    for (std::size_t n = 0; n < 30; ++n) {
      Bytes bits(bitmap_bytes(from + n));
      set_bits(bits.data(), from, n);
      REQUIRE(all_set(bits.data(), from, n));
      for (std::size_t hole = from; hole < from + n; ++hole) {
        Bytes holed = bits;
        headrace::pipeline::put_bit(holed.data(), hole, false);
        REQUIRE_FALSE(all_set(holed.data(), from, n));
      }
    }
  }
}
