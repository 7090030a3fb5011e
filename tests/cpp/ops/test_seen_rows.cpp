#include <headrace/ops/seen_rows.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

using namespace headrace;
using ops::SeenRows;

namespace {

std::vector<std::byte> saved(const SeenRows& seen, std::int64_t oldest) {
  base::ByteWriter writer;
  seen.snapshot(writer, oldest);
  return std::move(writer).take();
}

}  // namespace

TEST_CASE("a row is found by its bytes, and may be replaced by a newer one") {
  SeenRows seen;
  CHECK(seen.find("a") == nullptr);
  CHECK(seen.add("a", {.offset = 1, .time = 10}).second);
  CHECK(seen.add(std::string_view("a\0", 2), {.offset = 2, .time = 20}).second);
  CHECK(seen.find("a")->offset == 1);
  CHECK(seen.find(std::string_view("a\0", 2))->time == 20);
  const auto [row, added] = seen.add("a", {.offset = 3, .time = 30});
  CHECK_FALSE(added);
  CHECK(row->offset == 1);  // what came first stays, until the caller says otherwise
  row->offset = 3;
  CHECK(seen.find("a")->offset == 3);
  CHECK(seen.size() == 2);
}

TEST_CASE("forgetting keeps the newer rows and bounds the number") {
  SeenRows seen;
  for (std::int64_t i = 0; i < 100'000; ++i) {
    (void)seen.add(std::to_string(i), {.offset = i, .time = i});
    seen.forget(i - 100);
    REQUIRE(seen.size() <= 8192);
  }
  for (std::int64_t i = 99'900; i < 100'000; ++i) CHECK(seen.find(std::to_string(i))->offset == i);
  CHECK(seen.find("5") == nullptr);
}

TEST_CASE("a snapshot does not tell when rows were forgotten, nor in what order they came") {
  SeenRows swept;
  SeenRows unswept;
  for (std::int64_t i = 0; i < 20'000; ++i) {
    (void)swept.add(std::to_string(i), {.offset = i, .time = i});
    (void)unswept.add(std::to_string(19'999 - i), {.offset = 19'999 - i, .time = 19'999 - i});
  }
  swept.forget(19'500);
  CHECK(swept.size() < unswept.size());
  const std::vector<std::byte> bytes = saved(swept, 19'500);
  CHECK(bytes == saved(unswept, 19'500));
  SeenRows restored;
  base::ByteReader reader(bytes);
  REQUIRE(restored.restore(reader));
  CHECK(restored.size() == 500);
  CHECK(saved(restored, 19'500) == bytes);
}
