#include <headrace/pipeline/latest.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "catch.hpp"

using headrace::pipeline::Latest;

TEST_CASE("the newest version is what is got; nothing before the first") {
  Latest<int> latest;
  CHECK(latest.get() == nullptr);
  for (int i = 0; i < 5; ++i) {
    latest.publish(std::make_shared<const int>(i));
    CHECK(*latest.get() == i);
  }
}

TEST_CASE("versions beyond the last two are let go") {
  Latest<int> latest;
  const auto first = std::make_shared<const int>(0);
  latest.publish(first);
  latest.publish(std::make_shared<const int>(1));
  latest.publish(std::make_shared<const int>(2));
  CHECK(first.use_count() == 1);
}

TEST_CASE("readers never see time run backwards, and what was published is there") {
  Latest<std::pair<int, int>> latest;
  latest.publish(std::make_shared<const std::pair<int, int>>(0, 0));
  constexpr int kVersions = 50'000;
  std::atomic<int> published{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      for (int last = 0; last < kVersions;) {
        const int at_least = published.load(std::memory_order_acquire);
        const auto [a, b] = *latest.get();
        if (a != -b || a < last || a < at_least) ++wrong;
        last = a;
      }
    });
  }
  for (int i = 1; i <= kVersions; ++i) {
    latest.publish(std::make_shared<const std::pair<int, int>>(i, -i));
    published.store(i, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}
