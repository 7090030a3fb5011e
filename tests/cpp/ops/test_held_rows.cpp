#include <headrace/ops/held_rows.hpp>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::HeldRows;

TEST_CASE("rows that were held are the same rows, of every type, null and not") {
  std::mt19937 random(61);
  const Table table = timed_table(random, 500, false);
  HeldRows held(table.schema);
  for (std::size_t at = 0; at < 500; at += 50) held.add(batch_of(table, at, at + 50));
  CHECK(held.size() == 500);
  CHECK(held.first_offset() == 1000);
  record::RecordBatch batch = batch_of(table, 0, 0);
  held.take_all(batch);
  CHECK(held.size() == 0);
  REQUIRE(batch.rows() == 500);
  for (std::size_t i = 0; i < 500; ++i) {
    const auto row = static_cast<std::size_t>(batch.offset_values()[i] - 1000);
    CHECK(batch.key_id(i) == table.keys[row]);
    for (std::size_t c = 0; c < table.schema->size(); ++c) {
      CHECK(same(cell_of(batch.column(c), i), table.rows[row][c]));
    }
  }
}

TEST_CASE("places are used anew: taking and adding for ever needs no more of them") {
  std::mt19937 random(62);
  const Table table = timed_table(random, 4000, false);
  HeldRows held(table.schema);
  std::size_t given = 0;
  for (std::size_t at = 0; at < 4000; at += 40) {
    record::RecordBatch batch = batch_of(table, at, at + 40);
    const std::int64_t newest =
        *std::max_element(batch.event_times->as<std::int64_t>(),
                          batch.event_times->as<std::int64_t>() + batch.rows());
    held.add(batch);
    held.take_before(newest - 60, batch);
    given += batch.rows();
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const auto row = static_cast<std::size_t>(batch.offset_values()[i] - 1000);
      CHECK(same(cell_of(batch.column(6), i), table.rows[row][6]));  // text under a moving code
    }
    CHECK(held.size() < 200);
  }
  CHECK(given + held.size() == 4000);
}

TEST_CASE("nothing held is nothing given") {
  std::mt19937 random(63);
  const Table table = timed_table(random, 10, false);
  HeldRows held(table.schema);
  record::RecordBatch batch = batch_of(table, 0, 10);
  held.take_all(batch);
  CHECK(batch.rows() == 0);
  CHECK(batch.columns().size() == table.schema->size());
  CHECK(held.first_offset() == std::numeric_limits<std::int64_t>::max());
}
