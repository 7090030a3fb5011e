#include <headrace/checkpoint/checkpoint.hpp>

#include <array>
#include <cstring>
#include <utility>

#include <headrace/base/bytes.hpp>
#include <headrace/base/crc32c.hpp>

namespace headrace::checkpoint {
namespace {

constexpr std::array<char, 8> kMagic{'h', 'r', 'c', 'k', 'p', 't', '\r', '\n'};
constexpr std::size_t kTailBytes = sizeof(std::uint64_t) + kMagic.size();

base::Error damaged(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "the checkpoint " + how};
}

std::uint64_t payload_bytes(const Checkpoint& checkpoint) {
  std::uint64_t sum = 0;
  for (const Section& section : checkpoint.sections) sum += section.bytes.size();
  return sum;
}

std::span<const std::byte> magic_bytes() { return std::as_bytes(std::span(kMagic)); }

struct SectionHead {
  std::string name;
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
};

struct Head {
  Checkpoint checkpoint;
  std::vector<SectionHead> sections;
  std::size_t bytes = 0;
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

base::Status read_body(base::ByteReader& reader, Head& head) {
  Checkpoint& made = head.checkpoint;
  std::uint64_t count = 0;
  if (base::Status s = read(reader, made.unit, made.pipeline, made.commit, count); !s) return s;
  for (; count > 0; --count) {
    ReadTo& to = made.read_to.emplace_back();
    if (base::Status s = read(reader, to.topic, to.partition, to.offset); !s) return s;
  }
  if (base::Status s = read(reader, count); !s) return s;
  for (; count > 0; --count) {
    std::string name;
    std::string value;
    if (base::Status s = read(reader, name, value); !s) return s;
    made.facts[std::move(name)] = std::move(value);
  }
  if (base::Status s = read(reader, count); !s) return s;
  for (; count > 0; --count) {
    SectionHead& section = head.sections.emplace_back();
    if (base::Status s = read(reader, section.name, section.size, section.crc); !s) return s;
  }
  if (reader.remaining() != 0) return damaged("has a header that is too long");
  return {};
}

base::Result<Head> read_head(std::span<const std::byte> bytes) {
  base::ByteReader reader(bytes);
  std::array<char, kMagic.size()> magic{};
  for (char& c : magic) {
    if (!reader.get_into(c)) return damaged("is truncated");
  }
  if (magic != kMagic) return damaged("is none: it does not begin as one");
  std::uint32_t version = 0;
  std::uint64_t size = 0;
  if (!read(reader, version, size)) return damaged("is truncated");
  if (version > kFormatVersion) {
    return damaged("has format " + std::to_string(version) +
                   ", this headrace reads formats up to " + std::to_string(kFormatVersion) +
                   ": upgrade headrace to use it");
  }
  if (version == 0) return damaged("is damaged: it has no format version");
  if (size > reader.remaining() || reader.remaining() - size < sizeof(std::uint32_t)) {
    return damaged("is truncated, or its header is damaged");
  }
  Head head;
  head.bytes = bytes.size() - reader.remaining() + static_cast<std::size_t>(size);
  std::uint32_t crc = 0;
  std::memcpy(&crc, bytes.data() + head.bytes, sizeof crc);
  if (crc != base::crc32c(bytes.first(head.bytes))) return damaged("is damaged: its header");
  base::ByteReader body(
      bytes.subspan(head.bytes - static_cast<std::size_t>(size), static_cast<std::size_t>(size)));
  if (!read_body(body, head)) return damaged("is damaged: its header cannot be read");
  head.bytes += sizeof crc;
  return head;
}

}  // namespace

std::vector<std::byte> encode_head(const Checkpoint& checkpoint) {
  base::ByteWriter body;
  body.put_string(checkpoint.unit);
  body.put_string(checkpoint.pipeline);
  body.put(checkpoint.commit);
  body.put(static_cast<std::uint64_t>(checkpoint.read_to.size()));
  for (const ReadTo& to : checkpoint.read_to) {
    body.put_string(to.topic);
    body.put(to.partition);
    body.put(to.offset);
  }
  body.put(static_cast<std::uint64_t>(checkpoint.facts.size()));
  for (const auto& [name, value] : checkpoint.facts) {
    body.put_string(name);
    body.put_string(value);
  }
  body.put(static_cast<std::uint64_t>(checkpoint.sections.size()));
  for (const Section& section : checkpoint.sections) {
    body.put_string(section.name);
    body.put(static_cast<std::uint64_t>(section.bytes.size()));
    body.put(base::crc32c(section.bytes));
  }
  base::ByteWriter head;
  head.put_bytes(magic_bytes());
  head.put(kFormatVersion);
  head.put(static_cast<std::uint64_t>(body.bytes().size()));
  head.put_bytes(body.bytes());
  head.put(base::crc32c(head.bytes()));
  return std::move(head).take();
}

std::vector<std::byte> encode_tail(const Checkpoint& checkpoint, std::size_t head_bytes) {
  base::ByteWriter tail;
  tail.put(static_cast<std::uint64_t>(head_bytes + payload_bytes(checkpoint) + kTailBytes));
  tail.put_bytes(magic_bytes());
  return std::move(tail).take();
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

base::Result<Checkpoint> decode(std::span<const std::byte> bytes) {
  base::Result<Head> head = read_head(bytes);
  if (!head) return head.error();
  std::span<const std::byte> rest = bytes.subspan(head->bytes);
  for (SectionHead& section : head->sections) {
    if (section.size > rest.size()) return damaged("is truncated in \"" + section.name + '"');
    const std::span<const std::byte> part = rest.first(static_cast<std::size_t>(section.size));
    if (base::crc32c(part) != section.crc) return damaged("is damaged: \"" + section.name + '"');
    head->checkpoint.sections.push_back(
        {.name = std::move(section.name), .bytes = {part.begin(), part.end()}});
    rest = rest.subspan(part.size());
  }
  const std::vector<std::byte> tail = encode_tail(head->checkpoint, head->bytes);
  if (rest.size() != tail.size() || std::memcmp(rest.data(), tail.data(), tail.size()) != 0) {
    return damaged(rest.size() < tail.size() ? "is truncated" : "is damaged: its end");
  }
  return std::move(head->checkpoint);
}

base::Result<Checkpoint> decode_head(std::span<const std::byte> bytes) {
  base::Result<Head> head = read_head(bytes);
  if (!head) return head.error();
  for (SectionHead& section : head->sections) {
    head->checkpoint.sections.push_back({.name = std::move(section.name), .bytes = {}});
  }
  return std::move(head->checkpoint);
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
