#include <headrace/checkpoint/manifest.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <random>

#include <headrace/base/bytes.hpp>
#include <headrace/base/crc32c.hpp>

namespace headrace::checkpoint {
namespace {

constexpr std::uint32_t kManifestVersion = 1;

base::Error refused(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "the checkpoint's manifest " + how};
}

// Up to the next blank, which goes too.
std::string_view word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view found = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return found;
}

base::Status read_value(base::ByteReader& reader, Manifest& made) {
  std::uint8_t whole = 0;
  if (base::Status s = reader.get_into(whole); !s) return s;
  if (base::Status s = reader.get_into(made.partition); !s) return s;
  if (base::Status s = reader.get_into(made.from); !s) return s;
  if (base::Status s = reader.get_into(made.chunks); !s) return s;
  if (base::Status s = reader.get_into(made.bytes); !s) return s;
  base::Result<std::string> head = reader.get_string();
  if (!head) return head.error();
  const auto bytes = std::as_bytes(std::span(*head));
  made.head.assign(bytes.begin(), bytes.end());
  if (whole > 1) return refused("cannot be read");
  made.whole = whole == 1;
  return {};
}

}  // namespace

std::string new_attempt() {
  std::random_device random;
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x%08x", random(), random());
  return digits.data();
}

std::string key_of(const Manifest& manifest) {
  return std::string(kManifestKind) + manifest.scope + ' ' + std::to_string(manifest.commit) + ' ' +
         manifest.attempt + ' ' + manifest.unit;
}

std::string chunk_key(const Manifest& manifest, std::uint64_t chunk) {
  return "c " + manifest.attempt + ' ' + std::to_string(chunk);
}

std::string seal_key(std::string_view savepoint) {
  return std::string(kSealKind) + std::string(savepoint);
}

base::Result<Manifest> decode_key(std::string_view key) {
  if (!key.starts_with(kManifestKind)) return refused("has the key of something else");
  key.remove_prefix(kManifestKind.size());
  Manifest made;
  made.scope = word(key);
  const std::string_view digits = word(key);
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, made.commit);
  made.attempt = word(key);
  made.unit = key;
  if (error != std::errc{} || at != end || made.attempt.empty()) return refused("has no name");
  return made;
}

std::vector<std::byte> encode(const Manifest& manifest) {
  base::ByteWriter value;
  value.put(kManifestVersion);
  value.put(static_cast<std::uint8_t>(manifest.whole));
  value.put(manifest.partition);
  value.put(manifest.from);
  value.put(manifest.chunks);
  value.put(manifest.bytes);
  value.put_string({reinterpret_cast<const char*>(manifest.head.data()), manifest.head.size()});
  value.put(base::crc32c(value.bytes()));
  return std::move(value).take();
}

base::Result<Manifest> decode_manifest(std::string_view key, std::span<const std::byte> value) {
  base::Result<Manifest> made = decode_key(key);
  if (!made) return made;
  std::uint32_t crc = 0;
  if (value.size() < sizeof crc) return refused("is truncated");
  const std::span<const std::byte> body = value.first(value.size() - sizeof crc);
  std::memcpy(&crc, value.data() + body.size(), sizeof crc);
  if (crc != base::crc32c(body)) return refused("is damaged");
  base::ByteReader reader(body);
  std::uint32_t version = 0;
  if (!reader.get_into(version)) return refused("is truncated");
  if (version > kManifestVersion) {
    return refused("has format " + std::to_string(version) +
                   ", this headrace reads formats up to " + std::to_string(kManifestVersion));
  }
  if (version == 0) return refused("cannot be read");  // there was no such format
  if (!read_value(reader, *made) || reader.remaining() != 0) return refused("cannot be read");
  return made;
}

}  // namespace headrace::checkpoint
