#include <headrace/record/reject.hpp>

#include <cstddef>
#include <span>

#include <headrace/base/crc32c.hpp>

namespace headrace::record {

namespace {

constexpr std::size_t kKeyBytes = 40;

// Bytes of the UTF-8 sequence that `text` begins with; 0 where it begins with none.
std::size_t sequence_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t size = 0;
  if (byte(0) < 0x80U) size = 1;
  if (byte(0) >= 0xC2U && byte(0) < 0xE0U) size = 2;
  if (byte(0) >= 0xE0U && byte(0) < 0xF0U) size = 3;
  if (byte(0) >= 0xF0U && byte(0) < 0xF5U) size = 4;
  if (size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  return size;
}

void append_hex(unsigned char byte, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\x";
  out += kHex[byte >> 4U];
  out += kHex[byte & 0xFU];
}

// What would not print on one line is escaped.
std::string escaped(std::string_view key) {
  std::string out;
  while (!key.empty()) {
    const auto byte = static_cast<unsigned char>(key[0]);
    const std::size_t size = sequence_at(key);
    if (size == 0 || byte < 0x20U || byte == 0x7FU) {
      append_hex(byte, out);
      key.remove_prefix(1);
    } else {
      out += key.substr(0, size);
      key.remove_prefix(size);
    }
  }
  return out;
}

}  // namespace

std::optional<Cut> cut_at(std::string_view value, std::size_t cap) {
  if (value.size() <= cap) return std::nullopt;
  return Cut{.bytes = value.size(), .crc32c = base::crc32c(std::as_bytes(std::span(value)))};
}

std::string text_of(const Reject& reject, std::string_view topic) {
  std::string text(topic);
  text += '[' + std::to_string(reject.task.partition) + "]@" + std::to_string(reject.offset);
  if (!reject.key.empty()) {
    text += " key=" + escaped(std::string_view(reject.key).substr(0, kKeyBytes));
    if (reject.key.size() > kKeyBytes) text += "...";
  }
  return text + ": " + reject.detail;
}

}  // namespace headrace::record
