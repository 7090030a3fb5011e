#include <headrace/decode/lane16.hpp>

#include <random>
#include <string>

#include "catch.hpp"

namespace lane = headrace::decode::lane;

TEST_CASE("both forms classify every byte at every place alike") {
  for (int position = 0; position < lane::kBytes; ++position) {
    for (int c = 0; c < 256; ++c) {
      std::string text(lane::kBytes, '7');
      text[static_cast<std::size_t>(position)] = static_cast<char>(c);
      REQUIRE(lane::non_digits(text.data()) == lane::portable::non_digits(text.data()));
      REQUIRE(lane::string_specials(text.data()) == lane::portable::string_specials(text.data()));
    }
  }
  CHECK(lane::non_digits("187.15,\"High\":1") == (0xFFFFU & ~0b0100'0000'0011'0111U));
  CHECK(lane::string_specials("AAPL\",\\\x01\xC3 543210") == 0b1'1101'0000U);
}

TEST_CASE("both forms read the same number for every dot and end") {
  std::mt19937 random(3);
  for (int end = 1; end <= lane::kBytes; ++end) {
    for (int dot = 0; dot <= lane::kBytes; ++dot) {
      std::string text(lane::kBytes, '\0');
      for (char& c : text) c = static_cast<char>('0' + random() % 10);
      for (std::size_t i = static_cast<std::size_t>(end); i < text.size(); ++i) text[i] = '}';
      if (dot < end) text[static_cast<std::size_t>(dot)] = '.';
      REQUIRE(lane::number(text.data(), dot, end) == lane::portable::number(text.data(), dot, end));
    }
  }
  CHECK(lane::number("187.15,,,,,,,,,,", 3, 6) == 18715);
  CHECK(lane::number("9999999999999999", lane::kBytes, 16) == 9'999'999'999'999'999);
}

TEST_CASE("a masked compare ignores what lies beyond, and nothing else") {
  alignas(16) const char head[lane::kBytes + 1] = ",\"Open\":........";
  const unsigned beyond = 0xFF00;
  CHECK(lane::equal(",\"Open\":187.15,\"", head, beyond));
  for (std::size_t i = 0; i < lane::kBytes; ++i) {
    std::string text(head, lane::kBytes);
    text[i] ^= 1;
    CHECK(lane::equal(text.data(), head, beyond) == (i >= 8));
    CHECK(lane::portable::equal(text.data(), head, beyond) == (i >= 8));
  }
}
