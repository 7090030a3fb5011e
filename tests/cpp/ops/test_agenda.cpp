#include <headrace/ops/window/agenda.hpp>

#include <algorithm>
#include <map>
#include <random>

#include "catch.hpp"

using namespace headrace;
using ops::Agenda;

TEST_CASE("an agenda gives its items by time, each with its groups in order") {
  Agenda agenda;
  CHECK(agenda.empty());
  CHECK(agenda.next() == Agenda::kNothing);
  agenda.add(20, {.id = 1, .serial = 1});
  agenda.add(10, {.id = 2, .serial = 2});
  agenda.add(20, {.id = 0, .serial = 0});
  agenda.add(20, {.id = 0, .serial = 0});  // noted already
  CHECK(agenda.size() == 3);
  CHECK(agenda.next() == 10);
  CHECK(agenda.take().dues == std::vector<Agenda::Due>{{.id = 2, .serial = 2}});
  CHECK(agenda.next() == 20);
  const Agenda::Item last = agenda.take();
  CHECK(last.time == 20);
  CHECK(last.dues == std::vector<Agenda::Due>{{.id = 1, .serial = 1}, {.id = 0, .serial = 0}});
  CHECK(agenda.empty());
  CHECK(agenda.next() == Agenda::kNothing);
}

TEST_CASE("the largest time can be due") {
  Agenda agenda;
  agenda.add(Agenda::kNothing, {.id = 1, .serial = 1});
  REQUIRE_FALSE(agenda.empty());
  CHECK(agenda.take().time == Agenda::kNothing);
}

TEST_CASE("an agenda against a plain map, with groups that go") {
  std::mt19937 random(17);
  Agenda agenda;
  std::map<std::int64_t, std::vector<Agenda::Due>> expected;
  std::uint32_t oldest = 0;  // serials below are gone
  const auto is_gone = [&oldest](const Agenda::Due& due) { return due.serial < oldest; };
  std::uint32_t serial = 0;
  for (int step = 0; step < 50'000; ++step) {
    const auto time = static_cast<std::int64_t>(step / 10 + static_cast<int>(random() % 5'000));
    agenda.add(time, {.id = serial % 64, .serial = serial});
    expected[time].push_back({.id = serial % 64, .serial = serial});
    ++serial;
    if (random() % 8 == 0) {
      oldest = std::max(oldest, serial - std::min<std::uint32_t>(serial, 3'000));
      agenda.throw_out(is_gone);
    }
    if (random() % 16 == 0) {
      Agenda::Item item = agenda.take();
      std::erase_if(item.dues, is_gone);
      std::vector<Agenda::Due> wanted;
      // Times of which nobody is left may be gone.
      while (!expected.empty() && expected.begin()->first <= item.time) {
        auto node = expected.extract(expected.begin());
        std::erase_if(node.mapped(), is_gone);
        wanted.insert(wanted.end(), node.mapped().begin(), node.mapped().end());
      }
      REQUIRE(item.dues == wanted);
      if (expected.empty()) REQUIRE(agenda.empty());
    }
  }
}

TEST_CASE("dues are sorted by serial, however many and however far apart") {
  std::mt19937 random(19);
  for (const std::uint32_t range : {1U, 3U, 255U, 256U, 257U, 70'000U, 17'000'000U, ~0U}) {
    for (const std::size_t size : {0U, 1U, 2U, 63U, 64U, 65U, 1'000U}) {
      std::vector<Agenda::Due> dues(size);
      const std::uint32_t base = ~0U - range;
      for (std::uint32_t i = 0; i < size; ++i) {
        dues[i] = {.id = i, .serial = base + static_cast<std::uint32_t>(random() % range)};
      }
      std::vector<Agenda::Due> expected = dues;
      std::stable_sort(expected.begin(), expected.end(),
                       [](const auto& a, const auto& b) { return a.serial < b.serial; });
      ops::sort_by_serial(dues);
      REQUIRE(dues == expected);
    }
  }
}

TEST_CASE("entries of groups that are gone do not pile up") {
  Agenda agenda;
  constexpr std::uint32_t kKept = 5'000;
  std::size_t most = 0;
  for (std::uint32_t serial = 0; serial < 200'000; ++serial) {
    agenda.add(1'000 + serial % 7, {.id = serial % kKept, .serial = serial});
    agenda.throw_out([&](const Agenda::Due& due) { return due.serial + kKept <= serial; });
    most = std::max(most, agenda.size());
  }
  CHECK(most <= 2 * kKept + 1);
  CHECK(agenda.size() >= kKept);
}
