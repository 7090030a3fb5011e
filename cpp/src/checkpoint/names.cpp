#include <headrace/checkpoint/names.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>

#include <headrace/base/nearest.hpp>

namespace headrace::checkpoint {
namespace {

// With ".tmp" and a number behind it, below the 255 bytes of the usual file systems.
constexpr std::size_t kLongest = 200;
constexpr std::size_t kKept = 180;
constexpr char kEscape = '%';
constexpr char kShortened = '~';
constexpr std::size_t kLongestSavepoint = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_mark(char c) { return c == '.' || c == '_' || c == '-'; }
bool is_plain(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c) || is_mark(c); }

void escape(char c, std::string& out) {
  std::array<char, 4> text{};
  std::snprintf(text.data(), text.size(), "%c%02X", kEscape, static_cast<unsigned char>(c));
  out += text.data();
}

// FNV-1a.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace

std::string file_name_of(std::string_view unit) {
  std::string name;
  for (const char c : unit) {
    const bool first = name.empty();
    if (is_plain(c) && !(first && (c == '.' || unit == kSavepoints))) {
      name += c;
    } else {
      escape(c, name);
    }
  }
  if (name.empty()) return std::string(1, kEscape);  // no escaped name is that short
  if (name.size() <= kLongest) return name;
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx",
                static_cast<unsigned long long>(hash_of(unit)));
  return name.substr(0, kKept) + kShortened + digits.data();
}

std::string unit_of_file_name(std::string_view name) {
  if (name.find(kShortened) != std::string_view::npos) return {};
  std::string unit;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != kEscape || i + 2 >= name.size()) {
      if (name[i] != kEscape) unit += name[i];
      continue;
    }
    unsigned value = 0;
    std::from_chars(name.data() + i + 1, name.data() + i + 3, value, 16);
    unit += static_cast<char>(value);
    i += 2;
  }
  return unit;
}

base::Status check_savepoint_name(std::string_view name) {
  const auto allowed = [](char c) { return is_lower(c) || is_digit(c) || is_mark(c); };
  if (!name.empty() && name.size() <= kLongestSavepoint && !is_mark(name.front()) &&
      std::all_of(name.begin(), name.end(), allowed)) {
    return {};
  }
  return base::invalid_argument(
      "\"" + std::string(name) +
      "\" cannot be the name of a savepoint: up to 64 of a-z, 0-9, '.', '_' and '-', beginning "
      "with a letter or digit, as in \"before-upgrade\"");
}

base::Error no_savepoint(std::string_view name, const std::string& where,
                         const std::vector<std::string>& existing) {
  std::string text = "there is no savepoint \"" + std::string(name) + "\" in " + where;
  if (const std::optional<std::string> near = base::nearest(name, existing)) {
    text += " (did you mean \"" + *near + "\"?)";
  } else if (existing.empty()) {
    text += ", nor any other";
  }
  return {.code = base::ErrorCode::kCheckpoint, .message = std::move(text)};
}

base::Error savepoint_taken(std::string_view name, const std::string& where) {
  return base::invalid_argument("there is a savepoint \"" + std::string(name) + "\" in " + where +
                                " already: remove it, or take another name");
}

}  // namespace headrace::checkpoint
