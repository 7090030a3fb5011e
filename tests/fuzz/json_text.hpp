// Text as a JSON string.
#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace headrace::fuzz {

inline std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      json += c;
      continue;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
    json += escape.data();
  }
  return json + '"';
}

template <class Texts>
std::string quoted_list(const Texts& texts) {
  std::string json;
  for (const std::string& text : texts) json += (json.empty() ? "" : ",") + quoted(text);
  return "[" + json + "]";
}

}  // namespace headrace::fuzz
