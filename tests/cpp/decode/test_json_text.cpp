#include <headrace/decode/json_text.hpp>

#include <string>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace::decode;
using headrace::test::Exact;

namespace {

StringScan scan(std::string_view text) {
  return scan_string(text.data(), text.data() + text.size());
}

std::string meaning(std::string_view raw) {
  std::string out;
  REQUIRE(unescape(raw, out) == EscapeError::kNone);
  return out;
}

EscapeError fault(std::string_view raw) {
  std::string out;
  return unescape(raw, out);
}

}  // namespace

TEST_CASE("a string ends at its quote, wherever that is") {
  for (std::size_t length = 0; length < 40; ++length) {
    const Exact text(std::string(length, 'x') + "\"");
    const StringScan found = scan(text.view());
    REQUIRE(found.close == text.view().data() + length);
    CHECK_FALSE(found.escaped);
    CHECK(found.ascii);
    const Exact open(std::string(length, 'x'));
    CHECK(scan(open.view()).close == nullptr);
  }
}

TEST_CASE("escaped quotes do not end a string, backslashes do not hide its end") {
  CHECK(*(scan("a\\\"b\"").close - 1) == 'b');
  CHECK(scan("a\\\\\"b\"").close[1] == 'b');
  CHECK(scan("a\\").close == nullptr);
  CHECK(scan("a\\\"").close == nullptr);
  CHECK(scan("a\\\"b\"").escaped);
}

TEST_CASE("control characters are refused at every place, also behind a backslash") {
  for (std::size_t i = 0; i < 20; ++i) {
    for (const char c : {'\0', '\n', '\x1F'}) {
      std::string text = std::string(20, 'x') + "\"";
      text[i] = c;
      CHECK(scan(text).close == nullptr);
    }
  }
  CHECK(scan("abc\\\n\"").close == nullptr);
  CHECK(scan("\x7F\"").close != nullptr);
}

TEST_CASE("bytes beyond ASCII are noticed at every place") {
  for (std::size_t i = 0; i < 20; ++i) {
    std::string text = std::string(20, 'x') + "\"";
    text[i] = '\xC3';
    CHECK_FALSE(scan(text).ascii);
  }
  CHECK_FALSE(scan("\\\xC3\"").ascii);
}

TEST_CASE("escapes mean what RFC 8259 says") {
  CHECK(meaning("plain") == "plain");
  CHECK(meaning("") == "");
  CHECK(meaning(R"(\"\\\/\b\f\n\r\t)") == "\"\\/\b\f\n\r\t");
  CHECK(meaning(R"(\u0041\u00e9\u20AC\ud83d\ude00x)") == "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80x");
  CHECK(meaning(R"(a\u0000b)") == std::string("a\0b", 3));
  CHECK(meaning(R"(\uFFFF\uDBFF\uDFFF)") == "\xEF\xBF\xBF\xF4\x8F\xBF\xBF");
}

TEST_CASE("bad escapes and lone surrogates are told apart") {
  for (const char* raw :
       {R"(\)", R"(\x)", R"(\u)", R"(\u12)", R"(\u12g4)", R"(\U0041)", R"(\')", R"(\ud800\u12)"}) {
    INFO(raw);
    CHECK(fault(raw) == EscapeError::kSyntax);
  }
  for (const char* raw : {R"(\ud800)", R"(\udc00)", R"(\ud800x)", R"(\ud800\n)", R"(\ud800\ud800)",
                          R"(\ud800\u0041)", R"(\ude00\ud83d)"}) {
    INFO(raw);
    CHECK(fault(raw) == EscapeError::kLoneSurrogate);
  }
}

TEST_CASE("UTF-8 is judged strictly") {
  CHECK(valid_utf8(""));
  CHECK(valid_utf8("h\xC3\xA9 \xF0\x9F\x98\x80"));
  for (const char* text :
       {"\xC3", "\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80"}) {
    CHECK_FALSE(valid_utf8(text));
  }
}

TEST_CASE("an excerpt is cut between characters") {
  CHECK(excerpt("short") == "short");
  CHECK(excerpt("abcdef", 3) == "abc...");
  CHECK(excerpt("ab\xC3\xA9"
                "f",
                3) == "ab...");
  CHECK(valid_utf8(excerpt("\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 6)));
}
