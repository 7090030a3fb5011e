// What a checkpoint consists of in a topic: the names of its records and where they are.
//
// A manifest is written before the first chunk, so that chunks of one who died are known, and again
// when all of them are there. It has the checkpoint's head; the chunks have what comes behind it.
//
// Thread contract: plain values; functions are pure.
// Cost: one copy of the head.
//
//   log.send(0, key_of(manifest), encode(manifest));
//   base::Result<Manifest> back = decode_manifest(key, value);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/error.hpp>

namespace headrace::checkpoint {

struct Manifest {
  // In the key.
  std::string scope;  // "-", or of a savepoint; no blanks
  std::uint64_t commit = 0;
  std::string attempt;  // another one for each write; no blanks
  std::string unit;
  // In the value.
  bool whole = false;
  std::int32_t partition = 0;  // where the chunks are,
  std::int64_t from = 0;       // none of them before this offset
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;  // head and chunks
  std::vector<std::byte> head;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

inline constexpr std::string_view kManifestKind = "m ";
inline constexpr std::string_view kSealKind = "s ";

// Sixteen random digits.
[[nodiscard]] std::string new_attempt();
[[nodiscard]] std::string key_of(const Manifest& manifest);
[[nodiscard]] std::string chunk_key(const Manifest& manifest, std::uint64_t chunk);
[[nodiscard]] std::string seal_key(std::string_view savepoint);

// The fields of the key alone; kCheckpoint where it is none.
[[nodiscard]] base::Result<Manifest> decode_key(std::string_view key);
[[nodiscard]] std::vector<std::byte> encode(const Manifest& manifest);
// kCheckpoint where the value is damaged or of a newer format.
[[nodiscard]] base::Result<Manifest> decode_manifest(std::string_view key,
                                                     std::span<const std::byte> value);

}  // namespace headrace::checkpoint
