#include <headrace/decode/json_text.hpp>

#include <cstddef>

#include <simdjson.h>

#include <headrace/decode/swar.hpp>

namespace headrace::decode {
namespace {

constexpr std::uint32_t kNotHex = ~std::uint32_t{0};

std::uint32_t hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<std::uint32_t>(lower - 'a' + 10);
  return kNotHex;
}

// The four hex digits of \uXXXX at `at`; kNotHex where they are not.
std::uint32_t hex4(std::string_view raw, std::size_t at) noexcept {
  if (raw.size() - at < 4) return kNotHex;
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const std::uint32_t digit = hex_digit(raw[i]);
    if (digit == kNotHex) return kNotHex;
    value = value << 4U | digit;
  }
  return value;
}

void append_utf8(std::uint32_t point, std::string& out) {
  const auto tail = [&](unsigned shift) {
    out.push_back(static_cast<char>(0x80U | (point >> shift & 0x3FU)));
  };
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0U | point >> 6U));
    tail(0);
  } else if (point < 0x10000) {
    out.push_back(static_cast<char>(0xE0U | point >> 12U));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0U | point >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

// \uXXXX or a surrogate pair of them; `at` is behind the "u" and moves behind the escape.
EscapeError append_code_point(std::string_view raw, std::size_t& at, std::string& out) {
  std::uint32_t point = hex4(raw, at);
  if (point == kNotHex) return EscapeError::kSyntax;
  at += 4;
  if (point >= 0xDC00 && point <= 0xDFFF) return EscapeError::kLoneSurrogate;
  if (point >= 0xD800 && point <= 0xDBFF) {
    if (raw.substr(at, 2) != "\\u") return EscapeError::kLoneSurrogate;
    const std::uint32_t low = hex4(raw, at + 2);
    if (low == kNotHex) return EscapeError::kSyntax;
    if (low < 0xDC00 || low > 0xDFFF) return EscapeError::kLoneSurrogate;
    at += 6;
    point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
  }
  append_utf8(point, out);
  return EscapeError::kNone;
}

// What a backslash and this letter mean; 0 where nothing.
char simple_escape(char letter) noexcept {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

}  // namespace

StringScan scan_string(const char* first, const char* last) noexcept {
  StringScan scan;
  for (const char* at = first; at != last;) {
    if (last - at >= 8) {
      const std::uint64_t word = load8(at);
      const int plain = first_byte(string_specials(word));
      if (beyond_ascii(word) != 0) scan.ascii = false;
      at += plain;
      if (plain == 8) continue;
    }
    const char c = *at;
    if (c == '"') {
      scan.close = at;
      return scan;
    }
    if (static_cast<unsigned char>(c) < 0x20) return scan;
    if (c == '\\') {
      scan.escaped = true;
      if (++at == last) return scan;
      if (static_cast<unsigned char>(*at) < 0x20) return scan;
    }
    scan.ascii = scan.ascii && static_cast<signed char>(*at) >= 0;
    ++at;
  }
  return scan;
}

EscapeError unescape(std::string_view raw, std::string& out) {
  for (std::size_t at = 0;;) {
    const std::size_t slash = raw.find('\\', at);
    out.append(raw.substr(at, slash - at));
    if (slash == std::string_view::npos) return EscapeError::kNone;
    if (slash + 1 == raw.size()) return EscapeError::kSyntax;
    at = slash + 2;
    if (raw[slash + 1] == 'u') {
      const EscapeError bad = append_code_point(raw, at, out);
      if (bad != EscapeError::kNone) return bad;
    } else if (const char meant = simple_escape(raw[slash + 1]); meant != 0) {
      out.push_back(meant);
    } else {
      return EscapeError::kSyntax;
    }
  }
}

bool valid_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string excerpt(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  std::size_t cut = limit;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
  return std::string(text.substr(0, cut)) + "...";
}

}  // namespace headrace::decode
