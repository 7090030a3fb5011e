// What the fuzz drivers share: input cut into parts of exact size, and a check that stops the run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::fuzz {

inline void require(bool holds, const char* what, std::string_view input = {}) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\ninput: %s\n", what, std::string(input).c_str());
  std::abort();
}

// Parts between separators, each on a heap block of its own size: a sanitizer sees a read past it.
inline std::vector<std::vector<char>> parts_of(const std::uint8_t* data, std::size_t size,
                                               char separator) {
  std::vector<std::vector<char>> parts;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (std::size_t at = 0; at <= size;) {
    const std::size_t end = std::min(input.find(separator, at), size);
    parts.emplace_back(input.begin() + static_cast<std::ptrdiff_t>(at),
                       input.begin() + static_cast<std::ptrdiff_t>(end));
    at = end + 1;
  }
  return parts;
}

// Never from nowhere: nor is any text that a user gives.
inline std::string_view view_of(const std::vector<char>& part) {
  return part.empty() ? std::string_view("") : std::string_view(part.data(), part.size());
}

}  // namespace headrace::fuzz
