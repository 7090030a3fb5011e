#include <headrace/decode/swar.hpp>

#include <string>

#include "catch.hpp"

using namespace headrace::decode;

namespace {

template <class Mark, class Is>
void check_first(Mark mark, Is is) {
  for (int position = 0; position < 8; ++position) {
    for (int c = 0; c < 256; ++c) {
      // A plain byte before the position, the worst neighbours (borrow, carry) behind it.
      for (const char behind : {'\0', '\xFF', '5', '"'}) {
        std::string text(8, behind);
        for (int i = 0; i < position; ++i) text[static_cast<std::size_t>(i)] = '5';
        text[static_cast<std::size_t>(position)] = static_cast<char>(c);
        int expected = 0;
        while (expected < 8 &&
               !is(static_cast<unsigned char>(text[static_cast<std::size_t>(expected)]))) {
          ++expected;
        }
        REQUIRE(first_byte(mark(load8(text.data()))) == expected);
      }
    }
  }
}

}  // namespace

TEST_CASE("the first byte of a kind is found for every byte at every place") {
  check_first([](std::uint64_t w) { return bytes_equal(w, '"'); },
              [](unsigned char c) { return c == '"'; });
  check_first([](std::uint64_t w) { return non_digits(w); },
              [](unsigned char c) { return c < '0' || c > '9'; });
  check_first([](std::uint64_t w) { return string_specials(w); },
              [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20; });
  check_first([](std::uint64_t w) { return beyond_ascii(w); },
              [](unsigned char c) { return c >= 0x80; });
}
