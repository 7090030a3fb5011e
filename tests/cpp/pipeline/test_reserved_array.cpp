#include <headrace/pipeline/reserved_array.hpp>

#include <cstdint>
#include <cstring>
#include <utility>

#include "catch.hpp"

using headrace::pipeline::ReservedArray;

TEST_CASE("the array grows far beyond its reservation and keeps what was written") {
  ReservedArray array(100);
  for (std::uint64_t i = 0; i < 300'000; ++i) std::memcpy(array.extend(8), &i, 8);
  CHECK(array.size() == 300'000 * 8);
  const auto buffer = std::move(array).finish();
  CHECK(buffer->capacity() == 300'000 * 8);
  for (std::uint64_t i = 0; i < 300'000; ++i) REQUIRE(buffer->as<std::uint64_t>()[i] == i);
}

TEST_CASE("a huge reservation costs nothing, an empty array is a buffer too") {
  ReservedArray huge(std::size_t{1} << 60U);  // a wrong guess
  *huge.extend(1) = std::byte{7};
  const auto buffer = std::move(huge).finish();
  CHECK(buffer->data()[0] == std::byte{7});
  CHECK(huge.size() == 0);  // NOLINT(bugprone-use-after-move): empty then, by contract
  CHECK(ReservedArray(64).finish()->capacity() == 0);
}

TEST_CASE("a default array begins with its first bytes, and moves") {
  ReservedArray array;
  *array.extend(1) = std::byte{1};
  ReservedArray other = std::move(array);
  *other.extend(1) = std::byte{2};
  CHECK(other.size() == 2);
  CHECK(other.as<std::uint8_t>()[0] == 1);
}
