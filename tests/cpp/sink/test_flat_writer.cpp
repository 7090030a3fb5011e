#include <headrace/sink/flat_writer.hpp>

#include "catch.hpp"

using namespace headrace;
using sink::FlatWriter;

namespace {

template <class T>
T at(const std::string& bytes, std::size_t place) {
  T value{};
  std::memcpy(&value, bytes.data() + place, sizeof value);
  return value;
}

// Where a field of a table is, as a reader finds it; 0 where it is not there.
std::size_t field(const std::string& bytes, std::size_t table, std::size_t id) {
  const auto directory = table - static_cast<std::size_t>(at<std::int32_t>(bytes, table));
  const std::size_t entry = 4 + 2 * id;
  if (entry >= at<std::uint16_t>(bytes, directory)) return 0;
  const auto offset = at<std::uint16_t>(bytes, directory + entry);
  return offset == 0 ? 0 : table + offset;
}

std::size_t target(const std::string& bytes, std::size_t place) {
  return place + at<std::uint32_t>(bytes, place);
}

}  // namespace

TEST_CASE("a reader finds the fields of a table, each on a multiple of its size") {
  FlatWriter writer;
  const FlatWriter::Table root = writer.root({2, 1, 0, 8, 4});
  writer.put(root[0], std::int16_t{7});
  writer.put(root[1], std::uint8_t{1});
  writer.put(root[3], std::int64_t{-5});
  writer.link(root[4], writer.text("UTC"));
  const std::string bytes = std::move(writer).take();
  CHECK(bytes.size() % 8 == 0);
  const std::size_t table = target(bytes, 0);
  CHECK(at<std::int16_t>(bytes, field(bytes, table, 0)) == 7);
  CHECK(at<std::uint8_t>(bytes, field(bytes, table, 1)) == 1);
  CHECK(field(bytes, table, 2) == 0);
  const std::size_t wide = field(bytes, table, 3);
  CHECK(wide % 8 == 0);
  CHECK(at<std::int64_t>(bytes, wide) == -5);
  const std::size_t text = target(bytes, field(bytes, table, 4));
  CHECK(at<std::uint32_t>(bytes, text) == 3);
  CHECK(std::string_view(bytes).substr(text + 4, 4) == std::string_view("UTC\0", 4));
  CHECK(field(bytes, table, 5) == 0);  // later versions of the table have more fields
}

TEST_CASE("vectors of tables and of structs") {
  FlatWriter writer;
  const FlatWriter::Table root = writer.root({4, 4});
  const std::size_t many = writer.offsets(2);
  writer.link(root[0], many);
  for (std::size_t i = 0; i < 2; ++i) {
    const FlatWriter::Table one = writer.table({1});
    writer.put(one[0], static_cast<std::uint8_t>(i + 1));
    writer.link(many + 4 + 4 * i, one);
  }
  writer.link(root[1], writer.pairs({{1, 2}, {3, 4}}));
  const std::string bytes = std::move(writer).take();
  const std::size_t table = target(bytes, 0);
  const std::size_t found = target(bytes, field(bytes, table, 0));
  REQUIRE(at<std::uint32_t>(bytes, found) == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t one = target(bytes, found + 4 + 4 * i);
    CHECK(at<std::uint8_t>(bytes, field(bytes, one, 0)) == i + 1);
  }
  const std::size_t pairs = target(bytes, field(bytes, table, 1));
  REQUIRE(at<std::uint32_t>(bytes, pairs) == 2);
  CHECK((pairs + 4) % 8 == 0);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(at<std::int64_t>(bytes, pairs + 4 + 8 * i) == static_cast<std::int64_t>(i + 1));
  }
}
