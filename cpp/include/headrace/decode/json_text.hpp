// The strings of JSON text: where they end, and what they say once unescaped.
//
// Thread contract: pure functions.
// Cost: 8 bytes a step while plain; escapes one by one.
//
//   StringScan scan = scan_string(after_quote, last);
//   if (scan.close && !scan.escaped) use(std::string_view(after_quote, scan.close));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::decode {

struct StringScan {
  const char* close = nullptr;  // the closing quote; null: none, or a raw control character before
  bool escaped = false;         // holds backslashes
  bool ascii = true;            // surely no byte beyond ASCII; else UTF-8 is yet to be checked
};

// `first` is behind the opening quote.
[[nodiscard]] StringScan scan_string(const char* first, const char* last) noexcept;

enum class EscapeError : std::uint8_t { kNone, kSyntax, kLoneSurrogate };

// Appends the meaning of `raw` (between the quotes) to `out`. A lone surrogate is an error: it has
// no UTF-8 form.
[[nodiscard]] EscapeError unescape(std::string_view raw, std::string& out);

[[nodiscard]] bool valid_utf8(std::string_view text) noexcept;

// At most `limit` bytes of text for a message, cut between characters; "..." where it was cut.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t limit = 48);

}  // namespace headrace::decode
