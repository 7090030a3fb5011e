#include <headrace/pipeline/merge_lane.hpp>

#include <algorithm>
#include <random>
#include <tuple>

#include "catch.hpp"

using namespace headrace;
using pipeline::MergeLane;

TEST_CASE("rows come out by key, equal keys as they came, whatever is pushed when") {
  std::minstd_rand random(11);
  for (int round = 0; round < 200; ++round) {
    MergeLane lane;
    std::vector<std::pair<std::int64_t, std::uint32_t>> waiting;  // in order of arrival
    std::uint32_t next = 0;
    for (int step = 0; step < 400; ++step) {
      if (random() % 3 != 0) {
        const auto key = static_cast<std::int64_t>(step / 8 + static_cast<int>(random() % 12));
        lane.push(key, next);
        waiting.emplace_back(key, next++);
        continue;
      }
      if (waiting.empty()) continue;
      const auto first = std::min_element(
          waiting.begin(), waiting.end(),
          [](const auto& a, const auto& b) { return a.first < b.first; });  // the first of equals
      REQUIRE(lane.front().key == first->first);
      REQUIRE(lane.pop() == first->second);
      waiting.erase(first);
    }
    std::stable_sort(waiting.begin(), waiting.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    const std::vector<MergeLane::Row> rows = lane.sorted();
    REQUIRE(lane.size() == waiting.size());
    REQUIRE(rows.size() == waiting.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      REQUIRE(std::tie(rows[i].key, rows[i].place) ==
              std::tie(waiting[i].first, waiting[i].second));
    }
  }
}

TEST_CASE("a long queue stays in order while what is gone of it is let go") {
  MergeLane lane;
  std::uint32_t pushed = 0;
  std::uint32_t popped = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 300; ++i, ++pushed) lane.push(pushed, pushed);
    for (int i = 0; i < 250; ++i) REQUIRE(lane.pop() == popped++);
  }
  CHECK(lane.size() == pushed - popped);
  lane.clear();
  CHECK(lane.empty());
}
