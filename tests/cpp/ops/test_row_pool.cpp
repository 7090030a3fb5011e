#include <headrace/ops/join/row_pool.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::RowPool;

namespace {

std::vector<Cell> cells_of(const RowPool& pool, const std::vector<std::uint32_t>& places,
                           std::size_t column) {
  std::vector<record::Column> columns;
  pool.copy(places, columns);
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < places.size(); ++i) cells.push_back(cell_of(columns[column], i));
  return cells;
}

}  // namespace

TEST_CASE("rows come out again in any order and number, with nulls where there is none") {
  const Table table = some_bars();
  RowPool pool(*table.schema, {1, 4});
  const RowPool::Places taken = pool.add(whole(table));
  const std::vector<std::uint32_t> places{taken[3], RowPool::kNoRow, taken[0], taken[3], taken[2]};
  CHECK(cells_of(pool, places, 0) == std::vector<Cell>{"IBM", {}, "AAPL", "IBM", "AAPL"});
  CHECK(cells_of(pool, places, 1) ==
        std::vector<Cell>{std::int64_t{-1}, {}, std::int64_t{10}, std::int64_t{-1}, {}});
  CHECK(pool.time(taken[4]) == 5);
}

TEST_CASE("a place is free when its last reference is dropped, and copied until the next add") {
  const Table table = some_bars();
  RowPool pool(*table.schema, {2});
  const RowPool::Places taken = pool.add(whole(table));
  const std::vector<std::uint32_t> places(taken.begin(), taken.end());
  pool.keep(places[0]);
  pool.drop(places[0]);
  CHECK(pool.size() == 5);
  pool.drop(places[0]);
  pool.drop(RowPool::kNoRow);
  CHECK(pool.size() == 4);
  CHECK(cells_of(pool, {places[0]}, 0) == std::vector<Cell>{2.0});
  CHECK(pool.add(batch_of(table, 1, 2))[0] == places[0]);
  CHECK(cells_of(pool, {places[0]}, 0) == std::vector<Cell>{1.5});
}

TEST_CASE("offsets, event times and origins come with the rows") {
  const Table table = some_bars();
  RowPool pool(*table.schema, {0});
  record::RecordBatch batch = whole(table);
  batch.task = {.topic = 2, .partition = 7};
  const RowPool::Places taken = pool.add(batch);
  const std::vector<std::uint32_t> places{taken[4], taken[1]};
  record::RecordBatch out(table.schema, 2, {});
  pool.copy_system_columns(places, out);
  CHECK(offsets_of(out) == std::vector<std::int64_t>{1004, 1001});
  CHECK(out.event_times->as<std::int64_t>()[1] == 2);
  CHECK(out.origin(1) == record::TaskId{.topic = 2, .partition = 7});
  ops::HeldOffsets held;
  pool.note_held(taken[3], held);
  CHECK(held.first({.topic = 2, .partition = 7}) == 1003);
}

TEST_CASE("rows go on from a snapshot") {
  const Table table = some_bars();
  RowPool pool(*table.schema, {0, 1, 4});
  const RowPool::Places taken = pool.add(whole(table));
  const std::vector<std::uint32_t> places{taken[4], taken[2]};
  base::ByteWriter writer;
  pool.snapshot(writer, places);
  RowPool other(*table.schema, {0, 1, 4});
  std::vector<std::uint32_t> restored;
  base::ByteReader reader(writer.bytes());
  REQUIRE(other.restore(reader, restored));
  CHECK(cells_of(other, restored, 1) == std::vector<Cell>{"AAPL", "AAPL"});
  CHECK(cells_of(other, restored, 2) == std::vector<Cell>{std::int64_t{50}, {}});
  CHECK(other.time(restored[1]) == 3);
  other.drop(restored[0]);
  CHECK(other.size() == 1);
}
