// Checkpoints and their manifests: what is accepted is what would be written, byte for byte. The
// input is taken as it is, and as what is inside the checksums, which no fuzzer would guess.
#include <cstring>
#include <span>
#include <vector>

#include <headrace/base/crc32c.hpp>
#include <headrace/checkpoint/checkpoint.hpp>
#include <headrace/checkpoint/manifest.hpp>

#include "fuzz_check.hpp"

namespace {

using namespace headrace;
using Bytes = std::vector<std::byte>;

void put(Bytes& out, auto value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void put_crc(Bytes& out) { put(out, base::crc32c(out)); }

// A whole file with this header, and nothing in its sections.
Bytes around(std::span<const std::byte> header) {
  Bytes file = checkpoint::encode_head({});
  file.resize(12);  // magic and format
  put(file, static_cast<std::uint64_t>(header.size()));
  file.insert(file.end(), header.begin(), header.end());
  put_crc(file);
  const Bytes tail = checkpoint::encode_tail({}, file.size());
  file.insert(file.end(), tail.begin(), tail.end());
  return file;
}

void check_file(const Bytes& file) {
  const auto made = checkpoint::decode(file);
  const auto verified = checkpoint::decode(file, checkpoint::Depth::kVerify);
  fuzz::require(made.has_value() == verified.has_value(), "verified as it is read");
  if (made) fuzz::require(checkpoint::encode(*made) == file, "written as it was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span(data, size));
  check_file({input.begin(), input.end()});
  check_file(around(input));
  Bytes manifest(input.begin(), input.end());
  put_crc(manifest);
  const auto made = checkpoint::decode_manifest("m - 1 a b", manifest);
  if (made) fuzz::require(checkpoint::encode(*made) == manifest, "a manifest as it was read");
  const std::string_view key(reinterpret_cast<const char*>(data), size);
  static_cast<void>(checkpoint::decode_key(key));
  return 0;
}
