// An append-only dictionary of strings: text to dense int32 code and back.
//
// Entries never move and never change, so a batch may keep codes while the dictionary grows:
// readers look only at codes that their batch holds, and a batch reaches another thread through a
// synchronising hand-over (ring or mutex) after its entries were written.
//
// Thread contract: one writer (intern); any thread may call text() for codes it received through a
//   synchronised hand-over; size() is safe everywhere.
// Cost: intern of a known short string about 10 ns (open addressing, hash of the bytes); memory is
//   the text plus 24 bytes an entry. Entry blocks double in size, so text() is two loads.
// Lifetime: text() is valid as long as the dictionary lives; batches hold a shared_ptr to it.
//
//   auto words = std::make_shared<Dictionary>();
//   std::int32_t code = words->intern("AAPL");   // 0
//   words->text(code);                           // "AAPL"
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace headrace::record {

class Dictionary {
 public:
  Dictionary();
  ~Dictionary();
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  [[nodiscard]] std::int32_t intern(std::string_view text);
  [[nodiscard]] std::int32_t find(std::string_view text) const noexcept;  // -1 where unknown
  [[nodiscard]] std::string_view text(std::int32_t code) const noexcept;
  [[nodiscard]] std::int32_t size() const noexcept { return size_.load(std::memory_order_acquire); }
  // Bytes held; a producer starts a new Dictionary (a new generation) beyond its own cap, so that
  // a column of ever new strings cannot grow without bound.
  [[nodiscard]] std::size_t memory() const noexcept { return memory_; }

 private:
  static constexpr std::size_t kFirstBlock = 256;  // entries in block 0; block k holds 256 << k
  static constexpr std::size_t kBlocks = 23;       // enough for 2^31 entries

  [[nodiscard]] std::string_view& entry(std::int32_t code) const noexcept;
  [[nodiscard]] const char* store(std::string_view text);
  void grow_table();

  std::array<std::unique_ptr<std::string_view[]>, kBlocks> blocks_;
  std::atomic<std::int32_t> size_{0};
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t code = -1;
  };
  std::vector<Slot> table_;  // open addressing, power of two, at most half full
  std::vector<std::unique_ptr<char[]>> arenas_;
  std::size_t arena_left_ = 0;
  char* arena_at_ = nullptr;
  std::size_t memory_ = 0;
};

using DictionaryPtr = std::shared_ptr<Dictionary>;

}  // namespace headrace::record
