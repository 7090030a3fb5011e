#include <headrace/checkpoint/checkpoint.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <headrace/base/bytes.hpp>
#include <headrace/base/crc32c.hpp>

namespace headrace::checkpoint {
namespace {

constexpr std::array<char, 8> kMagic{'h', 'r', 'c', 'k', 'p', 't', '\r', '\n'};
constexpr std::size_t kCrcBytes = sizeof(std::uint32_t);
// Magic, format version, length of the header.
constexpr std::size_t kFrameBytes = kMagic.size() + sizeof(std::uint32_t) + sizeof(std::uint64_t);
constexpr std::size_t kTailBytes = sizeof(std::uint64_t) + kMagic.size();
// Sections that are only verified pass through this much memory.
constexpr std::size_t kWindow = std::size_t{1} << 20U;

base::Error refused(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "the checkpoint " + how};
}

std::string this_headrace() { return std::string("headrace ") + base::kVersion; }

std::span<const std::byte> magic_bytes() { return std::as_bytes(std::span(kMagic)); }

std::vector<std::byte> tail_of(std::uint64_t total) {
  base::ByteWriter tail;
  tail.put(total);
  tail.put_bytes(magic_bytes());
  return std::move(tail).take();
}

std::uint64_t payload_bytes(const Checkpoint& checkpoint) {
  std::uint64_t sum = 0;
  for (const Section& section : checkpoint.sections) sum += section.bytes.size();
  return sum;
}

struct SectionMark {
  std::string name;
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
};

template <class T>
base::Status read(base::ByteReader& reader, T& out) {
  return reader.get_into(out);
}
base::Status read(base::ByteReader& reader, std::string& out) {
  base::Result<std::string> text = reader.get_string();
  if (!text) return text.error();
  out = *std::move(text);
  return {};
}
template <class First, class... Rest>
requires(sizeof...(Rest) > 0) base::Status
    read(base::ByteReader& reader, First& first, Rest&... rest) {
  if (base::Status status = read(reader, first); !status) return status;
  return read(reader, rest...);
}

class Decoder {
 public:
  Decoder(const Fill& fill, std::uint64_t size) : fill_(fill), size_(size), left_(size) {}

  base::Result<Checkpoint> decode(Depth depth);

 private:
  // The bytes must be there: left_ is looked at before.
  base::Status take(std::span<std::byte> bytes) {
    left_ -= bytes.size();
    return fill_(bytes);
  }
  base::Status read_frame(std::vector<std::byte>& head, std::uint32_t& version);
  base::Status read_header(std::span<const std::byte> header, std::uint32_t version);
  base::Status read_fields(base::ByteReader& reader);
  base::Status check_lengths() const;
  base::Status read_section(const SectionMark& mark, std::vector<std::byte>& out);
  base::Status verify_section(const SectionMark& mark);
  base::Status read_tail();

  const Fill& fill_;
  std::uint64_t size_;
  std::uint64_t left_;
  Checkpoint made_;
  std::vector<SectionMark> marks_;
};

base::Result<Checkpoint> Decoder::decode(Depth depth) {
  std::vector<std::byte> head;
  std::uint32_t version = 0;
  if (base::Status s = read_frame(head, version); !s) return s.error();
  const std::span<const std::byte> header =
      std::span(head).subspan(kFrameBytes, head.size() - kFrameBytes - kCrcBytes);
  if (base::Status s = read_header(header, version); !s) return s.error();
  if (base::Status s = check_lengths(); !s) return s.error();
  for (const SectionMark& mark : marks_) {
    Section& section = made_.sections.emplace_back();
    section.name = mark.name;
    if (depth == Depth::kHeader) continue;
    base::Status s =
        depth == Depth::kAll ? read_section(mark, section.bytes) : verify_section(mark);
    if (!s) return s.error();
  }
  if (depth != Depth::kHeader) {
    if (base::Status s = read_tail(); !s) return s.error();
  }
  return std::move(made_);
}

// The header with all that its CRC is of.
base::Status Decoder::read_frame(std::vector<std::byte>& head, std::uint32_t& version) {
  if (left_ == 0) return refused("is empty");
  head.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left_, kFrameBytes)));
  if (base::Status s = take(head); !s) return s;
  const std::size_t magic = std::min(head.size(), kMagic.size());
  if (std::memcmp(head.data(), kMagic.data(), magic) != 0) {
    return refused("is none: it does not begin as one");
  }
  if (head.size() < kFrameBytes) return refused("is truncated");
  std::uint64_t length = 0;
  std::memcpy(&version, head.data() + kMagic.size(), sizeof version);
  std::memcpy(&length, head.data() + kMagic.size() + sizeof version, sizeof length);
  if (left_ < kCrcBytes || left_ - kCrcBytes < length) {
    return refused("is truncated, or its header is damaged");
  }
  head.resize(kFrameBytes + static_cast<std::size_t>(length) + kCrcBytes);
  if (base::Status s = take(std::span(head).subspan(kFrameBytes)); !s) return s;
  std::uint32_t crc = 0;
  std::memcpy(&crc, head.data() + head.size() - kCrcBytes, sizeof crc);
  if (crc != base::crc32c(std::span(head).first(head.size() - kCrcBytes))) {
    return refused("is damaged: its header");
  }
  return {};
}

base::Status Decoder::read_header(std::span<const std::byte> header, std::uint32_t version) {
  base::ByteReader reader(header);
  if (!read(reader, made_.written_by)) return refused("is damaged: its header cannot be read");
  if (version > kFormatVersion) {
    return refused("has format " + std::to_string(version) + ", " + this_headrace() +
                   " reads formats up to " + std::to_string(kFormatVersion) +
                   ": it was written by headrace " + made_.written_by +
                   ", that version or a newer one can use it");
  }
  if (version == 0) return refused("is damaged: it has no format version");
  if (!read_fields(reader)) return refused("is damaged: its header cannot be read");
  if (reader.remaining() != 0) {
    return refused("has fields in its header that " + this_headrace() +
                   " does not know: it was written by headrace " + made_.written_by);
  }
  return {};
}

base::Status Decoder::read_fields(base::ByteReader& reader) {
  std::uint64_t count = 0;
  if (base::Status s = read(reader, made_.unit, made_.pipeline, made_.commit, count); !s) return s;
  for (; count > 0; --count) {
    ReadTo& to = made_.read_to.emplace_back();
    if (base::Status s = read(reader, to.topic, to.partition, to.offset); !s) return s;
  }
  if (base::Status s = read(reader, count); !s) return s;
  for (; count > 0; --count) {
    std::string name;
    std::string value;
    if (base::Status s = read(reader, name, value); !s) return s;
    // One way only to write a checkpoint: by name, each once.
    if (!made_.facts.empty() && name <= made_.facts.rbegin()->first) return refused("is damaged");
    made_.facts.emplace_hint(made_.facts.end(), std::move(name), std::move(value));
  }
  if (base::Status s = read(reader, count); !s) return s;
  for (; count > 0; --count) {
    SectionMark& mark = marks_.emplace_back();
    if (base::Status s = read(reader, mark.name, mark.size, mark.crc); !s) return s;
  }
  return {};
}

// That what the header announces is there, before a byte of it is asked for.
base::Status Decoder::check_lengths() const {
  std::uint64_t left = left_;
  for (const SectionMark& mark : marks_) {
    if (mark.size > left) return refused("is truncated in \"" + mark.name + '"');
    left -= mark.size;
  }
  if (left < kTailBytes) return refused("is truncated");
  if (left > kTailBytes) return refused("is damaged: there is more behind its end");
  return {};
}

base::Error damaged_section(const SectionMark& mark) {
  return refused("is damaged: \"" + mark.name + '"');
}

base::Status Decoder::read_section(const SectionMark& mark, std::vector<std::byte>& out) {
  out.resize(static_cast<std::size_t>(mark.size));
  if (base::Status s = take(out); !s) return s;
  if (base::crc32c(out) != mark.crc) return damaged_section(mark);
  return {};
}

base::Status Decoder::verify_section(const SectionMark& mark) {
  std::vector<std::byte> window(
      static_cast<std::size_t>(std::min<std::uint64_t>(mark.size, kWindow)));
  std::uint32_t crc = 0;
  for (std::uint64_t rest = mark.size; rest > 0;) {
    const std::span<std::byte> part = std::span(window).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(rest, window.size())));
    if (base::Status s = take(part); !s) return s;
    crc = base::crc32c(part, crc);
    rest -= part.size();
  }
  if (crc != mark.crc) return damaged_section(mark);
  return {};
}

base::Status Decoder::read_tail() {
  std::array<std::byte, kTailBytes> tail{};
  if (base::Status s = take(tail); !s) return s;
  if (!std::ranges::equal(tail, tail_of(size_))) return refused("is damaged: its end");
  return {};
}

}  // namespace

base::Result<std::span<const std::byte>> section_of(const Checkpoint& checkpoint,
                                                    const std::string& name) {
  for (const Section& section : checkpoint.sections) {
    if (section.name == name) return std::span<const std::byte>(section.bytes);
  }
  return refused("has no \"" + name + '"');
}

std::vector<std::byte> encode_head(const Checkpoint& checkpoint) {
  base::ByteWriter header;
  header.put_string(checkpoint.written_by);
  header.put_string(checkpoint.unit);
  header.put_string(checkpoint.pipeline);
  header.put(checkpoint.commit);
  header.put(static_cast<std::uint64_t>(checkpoint.read_to.size()));
  for (const ReadTo& to : checkpoint.read_to) {
    header.put_string(to.topic);
    header.put(to.partition);
    header.put(to.offset);
  }
  header.put(static_cast<std::uint64_t>(checkpoint.facts.size()));
  for (const auto& [name, value] : checkpoint.facts) {
    header.put_string(name);
    header.put_string(value);
  }
  header.put(static_cast<std::uint64_t>(checkpoint.sections.size()));
  for (const Section& section : checkpoint.sections) {
    header.put_string(section.name);
    header.put(static_cast<std::uint64_t>(section.bytes.size()));
    header.put(base::crc32c(section.bytes));
  }
  base::ByteWriter head;
  head.put_bytes(magic_bytes());
  head.put(kFormatVersion);
  head.put(static_cast<std::uint64_t>(header.bytes().size()));
  head.put_bytes(header.bytes());
  head.put(base::crc32c(head.bytes()));
  return std::move(head).take();
}

std::vector<std::byte> encode_tail(const Checkpoint& checkpoint, std::size_t head_bytes) {
  return tail_of(head_bytes + payload_bytes(checkpoint) + kTailBytes);
}

std::vector<std::byte> encode(const Checkpoint& checkpoint) {
  std::vector<std::byte> bytes = encode_head(checkpoint);
  const std::vector<std::byte> tail = encode_tail(checkpoint, bytes.size());
  bytes.reserve(bytes.size() + static_cast<std::size_t>(payload_bytes(checkpoint)) + tail.size());
  for (const Section& section : checkpoint.sections) {
    bytes.insert(bytes.end(), section.bytes.begin(), section.bytes.end());
  }
  bytes.insert(bytes.end(), tail.begin(), tail.end());
  return bytes;
}

base::Result<Checkpoint> decode(const Fill& fill, std::uint64_t size, Depth depth) {
  return Decoder(fill, size).decode(depth);
}

base::Result<Checkpoint> decode(std::span<const std::byte> bytes, Depth depth) {
  std::span<const std::byte> rest = bytes;
  const Fill fill = [&rest](std::span<std::byte> out) -> base::Status {
    if (!out.empty()) std::memcpy(out.data(), rest.data(), out.size());
    rest = rest.subspan(out.size());
    return {};
  };
  return decode(fill, bytes.size(), depth);
}

int choose(std::span<const std::uint64_t> commits, std::uint64_t committed) noexcept {
  int best = -1;
  for (std::size_t i = 0; i < commits.size(); ++i) {
    if (commits[i] > committed) continue;  // of a commit that did not happen
    if (best < 0 || commits[i] > commits[static_cast<std::size_t>(best)])
      best = static_cast<int>(i);
  }
  return best;
}

}  // namespace headrace::checkpoint
