#include <headrace/record/dictionary.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace headrace::record {
namespace {

constexpr std::size_t kArena = 64U << 10U;

// Wyhash-like mixing of 8-byte words: one 64x64->128 multiply per word. Not for adversaries; the
// table is probed linearly and compared by bytes, so a collision costs time, never a wrong code.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint32_t hash_of(std::string_view text) noexcept {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;  // 2^64 / golden ratio
  std::uint64_t h = text.size() * kOdd;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    h = mix(h ^ word, kOdd);
  }
  std::uint64_t word = 0;
  if (left > 0) std::memcpy(&word, at, left);
  h = mix(h ^ word ^ kOdd, 0xD6E8FEB86659FD93ULL);
  return static_cast<std::uint32_t>(h ^ (h >> 32U));
}

}  // namespace

Dictionary::Dictionary() : table_(64) {}
Dictionary::~Dictionary() = default;

std::string_view& Dictionary::entry(std::int32_t code) const noexcept {
  const std::size_t shifted = static_cast<std::uint32_t>(code) + kFirstBlock;
  const auto block =
      static_cast<std::size_t>(std::bit_width(shifted)) - std::bit_width(kFirstBlock);
  return blocks_[block][shifted - (kFirstBlock << block)];
}

std::string_view Dictionary::text(std::int32_t code) const noexcept { return entry(code); }

std::int32_t Dictionary::find(std::string_view text) const noexcept {
  const std::uint32_t hash = hash_of(text);
  for (std::size_t i = hash & (table_.size() - 1);; i = (i + 1) & (table_.size() - 1)) {
    const Slot& slot = table_[i];
    if (slot.code < 0) return -1;
    if (slot.hash == hash && entry(slot.code) == text) return slot.code;
  }
}

std::int32_t Dictionary::intern(std::string_view text) {
  const std::uint32_t hash = hash_of(text);
  std::size_t i = hash & (table_.size() - 1);
  for (; table_[i].code >= 0; i = (i + 1) & (table_.size() - 1)) {
    if (table_[i].hash == hash && entry(table_[i].code) == text) return table_[i].code;
  }
  const std::int32_t code = size_.load(std::memory_order_relaxed);
  const std::size_t shifted = static_cast<std::uint32_t>(code) + kFirstBlock;
  const auto block =
      static_cast<std::size_t>(std::bit_width(shifted)) - std::bit_width(kFirstBlock);
  if (block >= kBlocks) throw std::length_error("dictionary is full");
  if (!blocks_[block]) {
    blocks_[block] = std::make_unique<std::string_view[]>(kFirstBlock << block);
    memory_ += (kFirstBlock << block) * sizeof(std::string_view);
  }
  entry(code) = std::string_view(store(text), text.size());
  table_[i] = {.hash = hash, .code = code};
  size_.store(code + 1, std::memory_order_release);
  if (static_cast<std::size_t>(code + 1) * 2 > table_.size()) grow_table();
  return code;
}

const char* Dictionary::store(std::string_view text) {
  if (text.size() > arena_left_) {
    const std::size_t bytes = std::max(kArena, text.size());
    arenas_.push_back(std::make_unique<char[]>(bytes));
    arena_at_ = arenas_.back().get();
    arena_left_ = bytes;
    memory_ += bytes;
  }
  char* at = arena_at_;
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  arena_at_ += text.size();
  arena_left_ -= text.size();
  return at;
}

void Dictionary::grow_table() {
  std::vector<Slot> bigger(table_.size() * 2);
  for (const Slot& slot : table_) {
    if (slot.code < 0) continue;
    std::size_t i = slot.hash & (bigger.size() - 1);
    while (bigger[i].code >= 0) i = (i + 1) & (bigger.size() - 1);
    bigger[i] = slot;
  }
  memory_ += table_.size() * sizeof(Slot);
  table_ = std::move(bigger);
}

}  // namespace headrace::record
