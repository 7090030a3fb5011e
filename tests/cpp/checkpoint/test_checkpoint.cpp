#include <headrace/checkpoint/checkpoint.hpp>

#include <algorithm>
#include <array>

#include "catch.hpp"
#include "checkpoint/support.hpp"

using namespace headrace;
using namespace headrace::checkpoint;
using namespace headrace::test;

namespace {

constexpr std::array kDepths{Depth::kHeader, Depth::kVerify, Depth::kAll};

std::string refusal(std::span<const std::byte> bytes) {
  const base::Result<Checkpoint> made = decode(bytes);
  if (made) return {};
  CHECK(made.error().code == base::ErrorCode::kCheckpoint);
  return made.error().message;
}

}  // namespace

TEST_CASE("a checkpoint comes back as it was") {
  for (const std::size_t bytes : {0UL, 1UL, 1000UL, 3'000'000UL}) {
    const Checkpoint made = sample(7, bytes);
    const std::vector<std::byte> encoded = encode(made);
    CHECK(decode(encoded).value_or_throw() == made);
    for (const Depth depth : {Depth::kHeader, Depth::kVerify}) {
      Checkpoint without = made;
      for (Section& section : without.sections) section.bytes.clear();
      CHECK(decode(encoded, depth).value_or_throw() == without);
    }
  }
  const Checkpoint empty;
  CHECK(decode(encode(empty)).value_or_throw() == empty);
}

TEST_CASE("the same state gives the same bytes, in pieces or in one") {
  const Checkpoint made = sample(3);
  std::vector<std::byte> pieces = encode_head(made);
  const std::vector<std::byte> tail = encode_tail(made, pieces.size());
  for (const Section& section : made.sections) {
    pieces.insert(pieces.end(), section.bytes.begin(), section.bytes.end());
  }
  pieces.insert(pieces.end(), tail.begin(), tail.end());
  CHECK(pieces == encode(made));
}

// E11, in memory: the store's tests have the same with files.
TEST_CASE("any byte that changes is found") {
  std::vector<std::byte> bytes = encode(sample(5, 200));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::byte whole = bytes[at];
    for (int value = 0; value < 256; ++value) {
      if (static_cast<std::byte>(value) == whole) continue;
      bytes[at] = static_cast<std::byte>(value);
      if (decode(bytes) || decode(bytes, Depth::kVerify)) FAIL("byte " << at << " = " << value);
    }
    bytes[at] = whole;
  }
  REQUIRE(decode(bytes));
}

TEST_CASE("a checkpoint that was cut, lengthened or emptied is refused at any depth") {
  const std::vector<std::byte> bytes = encode(sample(5, 2000));
  const std::span<const std::byte> all(bytes);
  for (const Depth depth : kDepths) {
    for (std::size_t size = 0; size < all.size(); ++size) {
      if (decode(all.first(size), depth)) FAIL("cut to " << size);
    }
    std::vector<std::byte> longer = bytes;
    longer.push_back(std::byte{0});
    CHECK_FALSE(decode(longer, depth));
  }
  CHECK(refusal({}) == "the checkpoint is empty");
  CHECK(refusal(std::vector<std::byte>(bytes.size())) ==
        "the checkpoint is none: it does not begin as one");
  CHECK(refusal(all.first(15)) == "the checkpoint is truncated");
  CHECK(refusal(all.first(all.size() - 1)) == "the checkpoint is truncated");
  CHECK(refusal(all.first(all.size() - 100)) == "the checkpoint is truncated in \"0 sma\"");
}

TEST_CASE("what is damaged is named") {
  std::vector<std::byte> bytes = encode(sample(5));
  bytes[25] ^= std::byte{1};
  CHECK(refusal(bytes) == "the checkpoint is damaged: its header");
  bytes[25] ^= std::byte{1};
  bytes[bytes.size() - 20] ^= std::byte{1};
  CHECK(refusal(bytes) == "the checkpoint is damaged: \"0 sma\"");
  bytes[bytes.size() - 20] ^= std::byte{1};
  bytes.back() ^= std::byte{1};
  CHECK(refusal(bytes) == "the checkpoint is damaged: its end");
}

TEST_CASE("a newer format says who can read it") {
  Checkpoint newer = sample(5);
  newer.written_by = "3.2.0";
  const std::string version = base::kVersion;
  CHECK(refusal(with_format(encode(newer), 2)) ==
        "the checkpoint has format 2, headrace " + version +
            " reads formats up to 1: it was written by headrace 3.2.0, that "
            "version or a newer one can use it");
  CHECK(refusal(with_format(encode(newer), 0)) ==
        "the checkpoint is damaged: it has no format version");
}

TEST_CASE("fields that are not known are refused, not skipped") {
  Checkpoint newer = sample(5);
  newer.written_by = "3.2.0";
  CHECK(refusal(with_unknown_field(encode(newer))) ==
        std::string("the checkpoint has fields in its header that headrace ") + base::kVersion +
            " does not know: it was written by headrace 3.2.0");
}

TEST_CASE("a header that promises more than there is costs no memory") {
  // Each number of the header in turn is enormous, behind a CRC that is right.
  const std::vector<std::byte> whole = encode(sample(5, 30));
  const std::uint64_t length = header_length(whole);
  for (std::size_t at = kHeaderAt; at + 8 <= kHeaderAt + length; ++at) {
    std::vector<std::byte> bytes = whole;
    put_at(bytes, at, ~std::uint64_t{0} >> 1U);
    seal_header(bytes, length);
    const base::Result<Checkpoint> made = decode(bytes);
    // A changed name or offset is another checkpoint: what must not be is a wrong section.
    if (made) CHECK(made->sections.size() == 3);
  }
  std::vector<std::byte> bytes = whole;
  put_at(bytes, kLengthAt, ~std::uint64_t{0});
  CHECK_FALSE(decode(bytes));
}

TEST_CASE("an error on the way in is the error that comes out") {
  const Fill broken = [](std::span<std::byte>) -> base::Status {
    return base::Error{.code = base::ErrorCode::kIo, .message = "gone"};
  };
  const base::Result<Checkpoint> made = decode(broken, 1000, Depth::kAll);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == base::ErrorCode::kIo);
}

TEST_CASE("the newest that was committed is chosen") {
  const std::array<std::uint64_t, 4> commits{9, 7, 5, 3};
  CHECK(choose(commits, 8) == 1);
  CHECK(choose(commits, 9) == 0);
  CHECK(choose(commits, 100) == 0);
  CHECK(choose(commits, 2) == -1);
  CHECK(choose({}, 2) == -1);
}
