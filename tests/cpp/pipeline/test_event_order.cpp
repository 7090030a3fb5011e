#include <headrace/pipeline/event_order.hpp>

#include <algorithm>
#include <numeric>
#include <random>
#include <tuple>
#include <vector>

#include "catch.hpp"

using headrace::pipeline::EventOrder;
using headrace::record::TaskId;

namespace {

struct Row {
  std::int64_t time;
  TaskId task;
  int arrival;
};

struct Arrival {
  EventOrder order;
  std::vector<Row> rows;
  std::vector<std::int64_t> times;

  void batch(TaskId task, const std::vector<std::int64_t>& of_batch, bool timed = true) {
    order.note(task, timed ? of_batch.data() : nullptr, of_batch.size());
    for (const std::int64_t time : of_batch) {
      rows.push_back({timed ? time : 0, task, static_cast<int>(rows.size())});
      times.push_back(time);
    }
  }
  std::vector<std::uint32_t> expected() const {
    std::vector<std::uint32_t> numbers(rows.size());
    std::iota(numbers.begin(), numbers.end(), 0U);
    std::sort(numbers.begin(), numbers.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::tie(rows[a].time, rows[a].task, rows[a].arrival) <
             std::tie(rows[b].time, rows[b].task, rows[b].arrival);
    });
    return numbers;
  }
};

}  // namespace

TEST_CASE("one partition in event order needs no sorting") {
  Arrival a;
  a.batch({0, 3}, {1, 2, 2});
  a.batch({0, 3}, {2, 5});
  CHECK(a.order.in_order());
  CHECK(a.order.rows(a.times.data()) == a.expected());
  const auto origins = a.order.origins(nullptr);
  CHECK(origins.partitions->as<std::int32_t>()[4] == 3);
}

TEST_CASE("equal times are in order only if their tasks are") {
  Arrival right;
  right.batch({0, 0}, {1, 4});
  right.batch({0, 1}, {4});
  CHECK(right.order.in_order());
  Arrival wrong;
  wrong.batch({0, 1}, {1, 4});
  wrong.batch({0, 0}, {4});
  CHECK_FALSE(wrong.order.in_order());
  CHECK(wrong.order.rows(wrong.times.data()) == std::vector<std::uint32_t>{0, 2, 1});
}

TEST_CASE("without event times, tasks follow one another") {
  Arrival a;
  a.batch({1, 0}, {9, 9}, false);
  a.batch({0, 1}, {9}, false);
  CHECK_FALSE(a.order.in_order());
  CHECK(a.order.rows(nullptr) == std::vector<std::uint32_t>{2, 0, 1});
}

TEST_CASE("any arrival gives the order of a full sort") {
  std::minstd_rand random(5);
  for (int round = 0; round < 200; ++round) {
    Arrival a;
    const auto tasks = 1 + random() % 6;
    const auto spread = 1 + random() % 20;
    for (std::size_t batch = 0, batches = random() % 20; batch < batches; ++batch) {
      std::vector<std::int64_t> times(1 + random() % 9);
      for (auto& time : times) time = static_cast<std::int64_t>(random() % spread);
      if (random() % 2 != 0) std::sort(times.begin(), times.end());
      a.batch(
          {static_cast<std::int32_t>(random() % 2), static_cast<std::int32_t>(random() % tasks)},
          times);
    }
    const std::vector<std::uint32_t> order = a.order.rows(a.times.data());
    REQUIRE(order == a.expected());
    if (a.order.in_order()) REQUIRE(std::is_sorted(order.begin(), order.end()));
    const auto origins = a.order.origins(&order);
    for (std::size_t i = 0; i < order.size(); ++i) {
      REQUIRE(origins.topics->as<std::int32_t>()[i] == a.rows[order[i]].task.topic);
      REQUIRE(origins.partitions->as<std::int32_t>()[i] == a.rows[order[i]].task.partition);
    }
  }
}
