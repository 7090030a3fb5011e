// State of a task as it was at one offset, as bytes that know when they are damaged.
//
// Layout, little-endian: magic, format version, length of the header, header, CRC-32C of all that;
// then the sections one after another, whose names, lengths and CRCs are in the header; at the end
// the total length and the magic again. The header names the unit that the state is of, so a file
// under a wrong name is found out too. Text and numbers only: reading one runs nothing.
//
// For all formats to come: the frame of the header stays, and a header begins with the version of
// headrace that wrote it, so that an older one can say what it would take to read it. Whatever
// changes in the header takes a new format version.
//
// Thread contract: plain values.
// Cost: one pass over the bytes for the CRCs, one copy on the way in.
//
//   std::vector<std::byte> head = encode_head(checkpoint);      // then each section, then
//   std::vector<std::byte> tail = encode_tail(checkpoint, head.size());
//   base::Result<Checkpoint> back = decode(bytes);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/base/error.hpp>
#include <headrace/base/version.hpp>

namespace headrace::checkpoint {

inline constexpr std::uint32_t kFormatVersion = 1;

// How far a partition had been read.
struct ReadTo {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  friend bool operator==(const ReadTo&, const ReadTo&) = default;
};

struct Section {
  std::string name;
  std::vector<std::byte> bytes;
  friend bool operator==(const Section&, const Section&) = default;
};

struct Checkpoint {
  std::string unit;             // whose state it is: "stocks-0"
  std::string pipeline;         // fingerprint of the plan
  std::uint64_t commit = 0;     // number of the commit at which it was taken
  std::vector<ReadTo> read_to;  // one, or all partitions of a merge
  std::map<std::string, std::string> facts;
  std::vector<Section> sections;
  std::string written_by = base::kVersion;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// Everything before and after the sections' bytes.
[[nodiscard]] std::vector<std::byte> encode_head(const Checkpoint& checkpoint);
[[nodiscard]] std::vector<std::byte> encode_tail(const Checkpoint& checkpoint,
                                                 std::size_t head_bytes);
// The section of that name; an error where there is none.
[[nodiscard]] base::Result<std::span<const std::byte>> section_of(const Checkpoint& checkpoint,
                                                                  const std::string& name);
// Restores `part` from the section of that name, to its last byte.
template <class Part>
[[nodiscard]] base::Status load(const Checkpoint& checkpoint, const std::string& name, Part& part) {
  const base::Result<std::span<const std::byte>> bytes = section_of(checkpoint, name);
  if (!bytes) return bytes.error();
  base::ByteReader reader(*bytes);
  if (base::Status status = part.restore(reader); !status) return status;
  if (reader.remaining() == 0) return {};
  return base::Error{.code = base::ErrorCode::kCheckpoint,
                     .message = "the checkpoint has a \"" + name + "\" that is too long"};
}

// In one piece.
[[nodiscard]] std::vector<std::byte> encode(const Checkpoint& checkpoint);

// How much of a checkpoint is wanted.
enum class Depth : std::uint8_t {
  kHeader,  // sections by name, empty and not verified
  kVerify,  // the same, after a look at every byte
  kAll,
};

// Fills a span with the next bytes of a checkpoint, all of it, or says why it cannot.
using Fill = std::function<base::Status(std::span<std::byte>)>;

// From a checkpoint of `size` bytes; fill's errors are passed on. kCheckpoint where the bytes are
// damaged, truncated, too long, or of a newer format. Allocates no more than there are bytes.
[[nodiscard]] base::Result<Checkpoint> decode(const Fill& fill, std::uint64_t size, Depth depth);
[[nodiscard]] base::Result<Checkpoint> decode(std::span<const std::byte> bytes,
                                              Depth depth = Depth::kAll);

// Where reading begins and which checkpoint is used: the one with the newest commit that is not
// newer than what is committed. -1: none of `commits`.
[[nodiscard]] int choose(std::span<const std::uint64_t> commits, std::uint64_t committed) noexcept;

}  // namespace headrace::checkpoint
