#include <headrace/model/windows.hpp>

#include <vector>

#include "catch.hpp"

using headrace::base::ByteReader;
using headrace::base::ByteWriter;
using headrace::model::Windows;

namespace {
std::vector<float> content(const Windows& windows, std::uint32_t key, std::size_t floats) {
  std::vector<float> out(floats, -1);
  windows.copy(key, out.data());
  return out;
}
void push(Windows& windows, std::uint32_t key, float x) {
  const std::vector<float> row{x, x + 0.5F};
  windows.push(key, row.data());
}
std::vector<std::byte> bytes_of(const Windows& windows) {
  ByteWriter writer;
  windows.snapshot(writer);
  return std::move(writer).take();
}
}  // namespace

TEST_CASE("a window holds the newest rows of its key, oldest first") {
  Windows windows(3, 2);
  windows.make_room(2);
  for (int i = 0; i < 7; ++i) {
    CHECK(windows.full(0) == (i >= 3));
    push(windows, 0, static_cast<float>(i));
  }
  CHECK(content(windows, 0, 6) == std::vector<float>{4, 4.5F, 5, 5.5F, 6, 6.5F});
  CHECK_FALSE(windows.full(1));
  windows.clear(0);
  CHECK_FALSE(windows.full(0));
}

TEST_CASE("room for more keys keeps what is there") {
  Windows windows(1, 2);
  windows.make_room(1);
  push(windows, 0, 8);
  windows.make_room(100);
  push(windows, 99, 9);
  CHECK(content(windows, 0, 2) == std::vector<float>{8, 8.5F});
}

TEST_CASE("equal windows give equal bytes, and come back from them") {
  Windows turned(3, 2);
  Windows fresh(3, 2);
  turned.make_room(2);
  fresh.make_room(2);
  for (int i = 0; i < 5; ++i) push(turned, 1, static_cast<float>(i));
  for (int i = 2; i < 5; ++i) push(fresh, 1, static_cast<float>(i));
  const std::vector<std::byte> bytes = bytes_of(turned);
  CHECK(bytes == bytes_of(fresh));

  Windows restored(3, 2);
  ByteReader reader(bytes);
  REQUIRE(restored.restore(reader));
  CHECK(reader.remaining() == 0);
  push(restored, 1, 5);
  push(turned, 1, 5);
  CHECK(bytes_of(restored) == bytes_of(turned));
}

TEST_CASE("a snapshot that is cut or of another shape is refused and changes nothing") {
  Windows windows(3, 2);
  windows.make_room(2);
  push(windows, 0, 1);
  const std::vector<std::byte> bytes = bytes_of(windows);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    Windows target(3, 2);
    ByteReader reader(std::span<const std::byte>(bytes).first(n));
    CHECK_FALSE(target.restore(reader));
    CHECK(bytes_of(target) == bytes_of(Windows(3, 2)));
  }
  for (Windows other : {Windows(4, 2), Windows(3, 1), Windows(0, 2)}) {
    ByteReader reader(bytes);
    CHECK_FALSE(other.restore(reader));
  }
}

TEST_CASE("without a window there is no state") {
  Windows none(0, 4);
  none.make_room(1000);
  const std::vector<std::byte> bytes = bytes_of(none);
  ByteReader reader(bytes);
  CHECK(none.restore(reader));
  ByteWriter lie;
  lie.put(std::uint64_t{0});
  lie.put(std::uint64_t{4});
  lie.put(std::uint64_t{1});
  lie.put(std::uint64_t{0});
  ByteReader lied(lie.bytes());
  CHECK_FALSE(none.restore(lied));
}
