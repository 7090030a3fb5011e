#include <headrace/checkpoint/manifest.hpp>

#include <cstring>

#include "catch.hpp"
#include "checkpoint/support.hpp"

using namespace headrace;
using namespace headrace::checkpoint;
using namespace headrace::test;

namespace {

Manifest manifest() {
  return {.scope = "-",
          .commit = 42,
          .attempt = "00ff",
          .unit = "my stocks-0",
          .whole = true,
          .partition = 3,
          .from = 1'000,
          .chunks = 7,
          .bytes = 123'456,
          .head = random_bytes(100, 1)};
}

}  // namespace

TEST_CASE("a manifest comes back as it was") {
  for (const bool whole : {true, false}) {
    Manifest made = manifest();
    made.whole = whole;
    CHECK(key_of(made) == "m - 42 00ff my stocks-0");
    CHECK(decode_manifest(key_of(made), encode(made)).value_or_throw() == made);
  }
  CHECK(chunk_key(manifest(), 5) == "c 00ff 5");
  CHECK(seal_key("before") == "s before");
  CHECK(new_attempt().size() == 16);
  CHECK(new_attempt() != new_attempt());
}

TEST_CASE("a manifest that was changed or cut is refused") {
  const Manifest made = manifest();
  std::vector<std::byte> value = encode(made);
  for (std::size_t at = 0; at < value.size(); ++at) {
    CHECK_FALSE(decode_manifest(key_of(made), std::span(value).first(at)));
    value[at] ^= std::byte{8};
    CHECK_FALSE(decode_manifest(key_of(made), value));
    value[at] ^= std::byte{8};
  }
  const auto error_of_format = [&](std::uint8_t format) {
    value[0] = std::byte{format};
    const std::size_t body = value.size() - 4;
    const std::uint32_t crc = base::crc32c(std::span(value).first(body));
    std::memcpy(value.data() + body, &crc, sizeof crc);
    return decode_manifest(key_of(made), value).error().message;
  };
  CHECK(error_of_format(2) ==
        "the checkpoint's manifest has format 2, this headrace reads formats up to 1");
  CHECK(error_of_format(0) == "the checkpoint's manifest cannot be read");
}

TEST_CASE("keys of other things are no manifests") {
  for (const char* key : {"", "m", "m ", "c 00ff 5", "s before", "m - x 00ff a", "m - 42",
                          "m - 42 ", "m - -1 00ff a", "m - 42x 00ff a"}) {
    INFO(key);
    CHECK_FALSE(decode_key(key));
  }
}
