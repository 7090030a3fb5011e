#include <headrace/ops/kernel/value_counts.hpp>

#include <map>
#include <random>

#include "catch.hpp"

using namespace headrace;
using ops::ValueCounts;

namespace {

std::map<std::uint64_t, std::int64_t> as_map(const ValueCounts& counts) {
  std::map<std::uint64_t, std::int64_t> map;
  for (const ValueCounts::Entry& entry : counts.entries()) {
    CHECK(map.emplace(entry.value, entry.count).second);
  }
  return map;
}

}  // namespace

TEST_CASE("counts are those of a map, for values near, far and all alike in their low bits") {
  std::mt19937_64 random(11);
  for (const std::uint64_t spread : {1ULL, 3ULL, 1ULL << 20U, 1ULL << 44U}) {
    ValueCounts counts;
    std::map<std::uint64_t, std::int64_t> expected;
    for (int i = 0; i < 20'000; ++i) {
      const std::uint64_t value = random() % 3'000 * spread;
      const auto times = static_cast<std::int64_t>(1 + random() % 3);
      counts.add(value, times);
      expected[value] += times;
      if (i % 2'000 == 0) CHECK(as_map(counts) == expected);
    }
    CHECK(counts.size() == expected.size());
    CHECK(as_map(counts) == expected);
  }
}

TEST_CASE("nothing is counted at first, and zero is a value as any other") {
  ValueCounts counts;
  CHECK(counts.size() == 0);
  CHECK(counts.entries().empty());
  counts.add(0, 5);
  counts.add(~std::uint64_t{0}, 1);
  CHECK(as_map(counts) == std::map<std::uint64_t, std::int64_t>{{0, 5}, {~std::uint64_t{0}, 1}});
}
