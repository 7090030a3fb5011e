// The careful reading of a JSON text: every byte of it is judged, also of fields nobody asked for.
//
// simdjson finds the structure and checks UTF-8 (it alone does; its on-demand mode is driven here
// over every value, so that nothing is skipped unseen), and each key, string, number and literal is
// checked by this library's own code. The result is a flat list of events in the order of the text.
//
// Accepted is what RFC 8259 calls JSON, with these decisions where it leaves room: nested at most
// kMaxJsonDepth deep; no lone surrogates in escapes; no byte order mark; numbers of any size (their
// range is a matter of the column). NaN, Infinity and -Infinity are reported as what they are, not
// as bad syntax. A key that an object names twice (compared unescaped, anywhere in the text) is
// well-formed, but told apart: no decoder takes such a record.
//
// Thread contract: one thread; reuses its memory from text to text.
// Cost: 2-3 ns a byte, no allocation once warm (escaped keys apart).
//
//   JsonDocument document;
//   if (auto fault = document.read(text)) return *fault;
//   for (const JsonEvent& event : document.events()) use(document.text(event));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <headrace/decode/decoder.hpp>

namespace headrace::decode {

inline constexpr int kMaxJsonDepth = 64;

enum class JsonKind : std::uint8_t {
  kObject,  // begins; kEnd ends it
  kArray,   // begins; kEnd ends it
  kEnd,
  kKey,
  kString,
  kNumber,
  kTrue,
  kFalse,
  kNull,
  kNonFinite,  // NaN, Infinity, -Infinity
};

struct JsonEvent {
  JsonKind kind = JsonKind::kNull;
  bool escaped = false;     // keys and strings: has backslashes
  std::uint32_t begin = 0;  // bytes of the token in the text; keys and strings with their quotes
  std::uint32_t end = 0;
};

// How many events the value has that begins with the first of `events`: 1 for a scalar, up to its
// kEnd for an object or array.
[[nodiscard]] std::size_t size_of_value(std::span<const JsonEvent> events) noexcept;

class JsonDocument {
 public:
  JsonDocument();
  ~JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;

  // Nothing, or why the text is not JSON.
  [[nodiscard]] std::optional<DecodeFailure> read(std::string_view text);

  // Borrowed: valid until the next read.
  [[nodiscard]] std::span<const JsonEvent> events() const noexcept;
  // The bytes of a token; of keys and strings what is between the quotes. Borrowed likewise.
  [[nodiscard]] std::string_view text(const JsonEvent& event) const noexcept;
  // The same with their quotes; and the whole text. Borrowed likewise.
  [[nodiscard]] std::string_view raw(const JsonEvent& event) const noexcept;
  [[nodiscard]] std::string_view raw_text() const noexcept;
  // The bytes of a whole value, from its first event to its last. Borrowed likewise.
  [[nodiscard]] std::string_view raw_value(std::span<const JsonEvent> value) const noexcept;
  // Null where there is none.
  [[nodiscard]] const JsonEvent* first_non_finite() const noexcept;
  [[nodiscard]] const DecodeFailure* duplicate_key() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether `text` is well-formed, by the rules above and without any schema: nothing, or why not.
[[nodiscard]] std::optional<DecodeFailure> json_verdict(std::string_view text);

}  // namespace headrace::decode
