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

TEST_CASE("a row is found by its bytes, and replaced by a newer one of the same") {
  SeenRows seen;
  CHECK(seen.find("a") == nullptr);
  seen.put("a", {.offset = 1, .time = 10});
  seen.put(std::string_view("a\0", 2), {.offset = 2, .time = 20});
  CHECK(seen.find("a")->offset == 1);
  CHECK(seen.find(std::string_view("a\0", 2))->time == 20);
  seen.put("a", {.offset = 3, .time = 30});
  CHECK(seen.find("a")->offset == 3);
  CHECK(seen.size() == 2);
}

TEST_CASE("forgetting keeps the newer rows and bounds the number") {
  SeenRows seen;
  for (std::int64_t i = 0; i < 100'000; ++i) {
    seen.put(std::to_string(i), {.offset = i, .time = i});
    seen.forget(i - 100);
    REQUIRE(seen.size() <= 1024);
  }
  for (std::int64_t i = 99'900; i < 100'000; ++i) CHECK(seen.find(std::to_string(i))->offset == i);
  CHECK(seen.find("5") == nullptr);
}

TEST_CASE("a snapshot does not tell when rows were forgotten, nor in what order they came") {
  SeenRows swept;
  SeenRows unswept;
  for (std::int64_t i = 0; i < 2000; ++i) {
    swept.put(std::to_string(i), {.offset = i, .time = i});
    unswept.put(std::to_string(1999 - i), {.offset = 1999 - i, .time = 1999 - i});
  }
  swept.forget(1500);
  CHECK(swept.size() < unswept.size());
  const std::vector<std::byte> bytes = saved(swept, 1500);
  CHECK(bytes == saved(unswept, 1500));
  SeenRows restored;
  base::ByteReader reader(bytes);
  REQUIRE(restored.restore(reader));
  CHECK(restored.size() == 500);
  CHECK(saved(restored, 1500) == bytes);
}
