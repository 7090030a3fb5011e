// What the records of a topic look like: the bytes between their values, learnt from one of them.
//
// A record that was read carefully and found good is cut at its scalars; what is between them
// (braces, keys, colons, blanks) are the literals. A later record with the same literals around
// well-formed scalars has the same structure, the same unique keys and valid UTF-8 between its
// values, without looking again. Every literal remembers which one followed it last.
//
// A flat object with the same blanks everywhere is known key by key as well: its fields may come in
// any order, and those that may be null may be missing; each key is found by a hash of its first
// bytes. Nested texts match in their own order only.
//
// Thread contract: one thread.
// Cost: a match is one masked 16-byte compare; a lookup by key about 5 ns; learning about 1 µs.
//
//   std::optional<JsonShape> shape = JsonShape::learn(reader, schema);
//   for (const JsonStep* step = shape->first(); step->matches(at); step = step->next) ...
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/decode/json_row.hpp>
#include <headrace/decode/lane16.hpp>
#include <headrace/decode/swar.hpp>

namespace headrace::decode {

enum class StepKind : std::uint8_t {
  kTail,  // no value behind
  kSkip,  // any scalar
  kNull,  // null alone
  kBool,
  kInt64,
  kFloat64,
  kString,
  kTimestamp
};

// A literal and the value behind it; kTail is the last literal, with no value behind.
struct JsonStep {
  // Bits of `beyond`: bit i, the literal does not reach byte i of `head`; kLong, it goes on behind
  // it, so that a compare of the head alone never suffices.
  static constexpr std::uint32_t kLong = 0x10000;

  alignas(16) std::array<char, lane::kBytes> head{};
  const JsonStep* next = nullptr;  // what followed last time; within the same shape
  std::uint64_t bit = 0;           // of the key among the shape's; 0 for the tail
  std::uint32_t beyond = 0;
  std::uint32_t size = 0;   // of the literal
  std::uint32_t begin = 0;  // of the literal in the shape's bytes
  std::uint16_t column = 0;
  std::uint8_t key = 0;
  StepKind kind = StepKind::kTail;

  // 16 readable bytes at `at`. False for every long literal.
  [[nodiscard, gnu::always_inline]] bool matches(const char* at) const noexcept {
    return lane::equal(at, head.data(), beyond);
  }
};

class JsonShape {
 public:
  static constexpr std::size_t kMaxKeys = 64;  // one bit each
  static constexpr std::size_t kMaxBytes = 4096;
  static constexpr std::size_t kMaxBlanks = 16;  // before a key that may stand anywhere

  // From the record that `reader` has just read without fault; nothing where it has no scalar, too
  // many of them, a list that is a column, or literals beyond kMaxBytes.
  [[nodiscard]] static std::optional<JsonShape> learn(const JsonRowReader& reader,
                                                      const record::Schema& schema);
  // Takes over the keys of a flat shape with the same blanks that this one does not know, and its
  // order. False where the two do not fit together; true too where there was nothing to take.
  [[nodiscard]] bool absorb(const JsonShape& other);

  // Steps point at one another, and so at home.
  JsonShape(JsonShape&&) noexcept = default;
  JsonShape& operator=(JsonShape&&) noexcept = default;
  JsonShape(const JsonShape&) = delete;
  JsonShape& operator=(const JsonShape&) = delete;
  ~JsonShape() = default;

  [[nodiscard]] const JsonStep* first() const noexcept { return &steps_[first_]; }
  // The whole literal of a step. Borrowed: valid while the shape is not changed.
  [[nodiscard]] std::string_view literal(const JsonStep& step) const noexcept {
    return {bytes_.data() + step.begin, step.size};
  }

  // What stands at `at` where `expected` did not match: `expected` itself, being long, or, in a
  // flat shape, another key or the tail, which is then remembered as the successor of `previous`
  // (null at the beginning). Null where the shape does not know. 32 bytes are readable at `at`, and
  // from `last` on they are zeros.
  [[nodiscard]] const JsonStep* find(const char* at, const char* last, const JsonStep& expected,
                                     const JsonStep* previous);

  // Bits of all keys, and of those without which a record is not complete.
  [[nodiscard]] std::uint64_t all() const noexcept { return all_; }
  [[nodiscard]] std::uint64_t required() const noexcept { return required_; }
  // Columns of the keys that `seen` lacks, and those that no key of the shape feeds.
  void absent_columns(std::uint64_t seen, std::vector<std::size_t>& columns) const;
  [[nodiscard]] bool feeds_all() const noexcept { return unfed_.empty(); }

 private:
  struct Key {
    std::string text;  // flat: the key with its quotes; else the literal
    int column = -1;
    StepKind kind = StepKind::kSkip;
    bool required = false;
  };

  [[nodiscard]] bool learn_blanks(std::string_view text, std::span<const JsonEvent> events,
                                  std::span<const JsonSlot> slots);
  JsonShape() = default;
  void build(const record::Schema& schema);
  void build_steps();
  [[nodiscard]] bool is_at(const JsonStep& step, const char* at, const char* last) const noexcept;
  [[nodiscard]] const JsonStep* find_other(const char* at, const char* last, bool entry) const;
  [[nodiscard]] JsonStep make_step(std::string_view literal, std::size_t key);
  [[nodiscard]] const JsonStep* find_key(const char* quote, const char* at, const char* last,
                                         bool entry) const noexcept;
  [[nodiscard]] static std::size_t slot_of(const char* quote) noexcept;

  static constexpr std::size_t kSlots = 128;  // at most half full
  static constexpr std::uint8_t kEmpty = 0xFF;

  bool flat_ = false;
  std::string opening_;    // flat: up to the first key
  std::string separator_;  // flat: between a value and the next key
  std::string colon_;      // flat: between a key and its value
  std::string tail_;
  std::vector<Key> keys_;
  // Flat: the literals of the keys as they stand between values, then the same as they stand first;
  // otherwise the literals in order. The tail is the last step.
  std::vector<JsonStep> steps_;
  std::array<std::uint8_t, kSlots> slots_{};  // flat: key index by hash, linear probing
  std::string bytes_;
  std::size_t first_ = 0;
  std::uint64_t all_ = 0;
  std::uint64_t required_ = 0;
  std::vector<std::size_t> unfed_;
};

}  // namespace headrace::decode
