#include <headrace/record/reject.hpp>

#include "catch.hpp"

using namespace headrace;

namespace {

record::Reject at(std::int64_t offset, std::string key, std::string detail) {
  record::Reject reject;
  reject.task = {.topic = 0, .partition = 3};
  reject.offset = offset;
  reject.key = std::move(key);
  reject.detail = std::move(detail);
  return reject;
}

}  // namespace

TEST_CASE("every reason stands in the table at its own place") {
  for (std::size_t i = 0; i < record::kRejectTable.size(); ++i) {
    CHECK(static_cast<std::size_t>(record::kRejectTable[i].reason) == i);
    CHECK_FALSE(record::kRejectTable[i].name.empty());
  }
}

TEST_CASE("a dead letter as one line names its place, its key and what is wrong") {
  CHECK(text_of(at(18231, "AAPL", "field \"Close\": missing"), "ohlcv") ==
        "ohlcv[3]@18231 key=AAPL: field \"Close\": missing");
  CHECK(text_of(at(0, "", "the value has no bytes"), "t") == "t[3]@0: the value has no bytes");
}

TEST_CASE("a key that does not print on one line is escaped, a long one is cut") {
  CHECK(text_of(at(1, "a\nb\x7f", "x"), "t") == "t[3]@1 key=a\\x0ab\\x7f: x");
  CHECK(text_of(at(1, "Zürich", "x"), "t") == "t[3]@1 key=Zürich: x");
  CHECK(text_of(at(1, "\xff\xc3", "x"), "t") == "t[3]@1 key=\\xff\\xc3: x");
  CHECK(text_of(at(1, std::string(41, 'k'), "x"), "t") ==
        "t[3]@1 key=" + std::string(40, 'k') + "...: x");
  CHECK(text_of(at(1, std::string(40, 'k'), "x"), "t") ==
        "t[3]@1 key=" + std::string(40, 'k') + ": x");
}

TEST_CASE("a value is known by its length and checksum before it is cut, and only then") {
  CHECK_FALSE(record::cut_at("123456789", 9));
  CHECK_FALSE(record::cut_at("", 0));
  const auto cut = record::cut_at("123456789", 8);
  REQUIRE(cut);
  CHECK(cut->bytes == 9);
  CHECK(cut->crc32c == 0xe3069283U);  // RFC 3720's check value
}
