#include <headrace/ops/held_offsets.hpp>

#include <algorithm>

#include "catch.hpp"
#include "ops/steps.hpp"

#include <headrace/ops/sort_within_operator.hpp>

using namespace headrace;
using ops::HeldOffsets;

TEST_CASE("held offsets: the smallest of each partition") {
  HeldOffsets held;
  held.note({.topic = 0, .partition = 1}, 7);
  held.note({.topic = 0, .partition = 1}, 5);
  held.note({.topic = 0, .partition = 2}, 9);
  held.note({.topic = 0, .partition = 1}, 6);
  CHECK(held.first({.topic = 0, .partition = 1}) == 5);
  CHECK(held.first({.topic = 0, .partition = 2}) == 9);
  CHECK(held.first({.topic = 1, .partition = 1}) == HeldOffsets::kNothing);
  CHECK_FALSE(held.unknown());
  held.note_unknown();
  CHECK(held.unknown());
}

TEST_CASE("held offsets: an operator that sorts says whose rows it holds") {
  std::mt19937 random(81);
  const test::Table table = test::timed_table(random, 20, false);
  const ops::OperatorPtr op =
      ops::make_sort_within_operator(table.schema, 1'000'000).value_or_throw();
  record::RecordBatch batch = test::batch_of(table, 0, 20);
  batch.origins = record::Buffer::allocate(20 * sizeof(record::TaskId));
  for (std::size_t i = 0; i < 20; ++i) {
    batch.origins->as<record::TaskId>()[i] = {.topic = 0, .partition = static_cast<int>(i % 2)};
  }
  record::Rejects rejects;
  HeldOffsets before;
  op->note_held(before);
  CHECK(before.first({.topic = 0, .partition = 0}) == HeldOffsets::kNothing);
  REQUIRE(op->process(batch, rejects));
  HeldOffsets held;
  op->note_held(held);
  CHECK(held.first({.topic = 0, .partition = 0}) == 1000);
  CHECK(held.first({.topic = 0, .partition = 1}) == 1001);
  CHECK_FALSE(held.unknown());
}

TEST_CASE("held offsets: rows without an origin are known by their time") {
  std::mt19937 random(82);
  const test::Table table = test::timed_table(random, 20, false);
  const ops::OperatorPtr op =
      ops::make_sort_within_operator(table.schema, 1'000'000).value_or_throw();
  record::RecordBatch batch = test::batch_of(table, 0, 20);
  record::Rejects rejects;
  REQUIRE(op->process(batch, rejects));
  HeldOffsets held;
  op->note_held(held);
  const record::RecordBatch all = test::batch_of(table, 0, 20);
  const auto* times = all.event_times->as<std::int64_t>();
  CHECK(held.since() == *std::min_element(times, times + 20));
}
