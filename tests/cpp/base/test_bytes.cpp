#include <headrace/base/bytes.hpp>

#include <array>
#include <limits>
#include <vector>

#include "catch.hpp"

using namespace headrace::base;

namespace {
ByteWriter sample() {
  ByteWriter w;
  w.put(std::int64_t{-5});
  w.put(std::numeric_limits<double>::denorm_min());
  w.put_string("AAPL");
  const std::array<double, 3> values{1.5, -0.0, 3e300};
  w.put_span(std::span<const double>(values));
  return w;
}

bool reads_whole_sample(std::span<const std::byte> bytes) {
  ByteReader r(bytes);
  const auto a = r.get<std::int64_t>();
  if (!a) return false;
  const auto b = r.get<double>();
  if (!b) return false;
  const auto c = r.get_string();
  if (!c) return false;
  const auto d = r.get_vector<double>();
  return d.has_value() && *a == -5 && *b == std::numeric_limits<double>::denorm_min() &&
         *c == "AAPL" && d->size() == 3 && r.remaining() == 0;
}
}  // namespace

TEST_CASE("what was written is read back, and the bytes are the same every time") {
  const ByteWriter w = sample();
  CHECK(reads_whole_sample(w.bytes()));
  const ByteWriter again = sample();
  CHECK(std::vector(w.bytes().begin(), w.bytes().end()) ==
        std::vector(again.bytes().begin(), again.bytes().end()));
}

TEST_CASE("a snapshot cut at any byte is an error, never garbage") {
  const ByteWriter w = sample();
  for (std::size_t cut = 0; cut < w.bytes().size(); ++cut) {
    CHECK_FALSE(reads_whole_sample(w.bytes().first(cut)));
  }
}

TEST_CASE("a length beyond the end is refused before anything is allocated") {
  ByteWriter w;
  w.put(std::uint64_t{1} << 62U);
  CHECK_FALSE(ByteReader(w.bytes()).get_vector<double>());
  CHECK_FALSE(ByteReader(w.bytes()).get_string());
}

TEST_CASE("bytes of another writer follow as they are") {
  ByteWriter part;
  part.put(std::int32_t{7});
  ByteWriter w;
  w.put(std::uint8_t{1});
  w.put_bytes(part.bytes());
  ByteReader r(w.bytes());
  CHECK(*r.get<std::uint8_t>() == 1);
  CHECK(*r.get<std::int32_t>() == 7);
  CHECK(r.remaining() == 0);
}

TEST_CASE("structs of words follow one another, and are all there or none is") {
  struct Pair {
    double first = 0;
    std::uint64_t second = 0;
  };
  const std::array<Pair, 2> pairs{{{.first = 0.5, .second = 1}, {.first = -2.0, .second = 3}}};
  ByteWriter w;
  w.reserve(sizeof pairs);
  w.put_words(std::span<const Pair>(pairs));
  ByteWriter field_by_field;
  for (const Pair& pair : pairs) {
    field_by_field.put(pair.first);
    field_by_field.put(pair.second);
  }
  CHECK(std::vector(w.bytes().begin(), w.bytes().end()) ==
        std::vector(field_by_field.bytes().begin(), field_by_field.bytes().end()));

  ByteReader r(w.bytes());
  std::array<Pair, 2> back;
  REQUIRE(r.get_words(std::span<Pair>(back)));
  CHECK(back[1].first == -2.0);
  CHECK(back[1].second == 3);
  CHECK(r.remaining() == 0);
  ByteReader cut(w.bytes().first(sizeof pairs - 1));
  std::array<Pair, 2> untouched;
  CHECK_FALSE(cut.get_words(std::span<Pair>(untouched)));
  CHECK(untouched[0].first == 0);
}
