#include <headrace/ops/window/pane_set.hpp>

#include <cstring>
#include <limits>

#include <headrace/ops/aggregate/aggregates.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"
#include "ops/windows.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::PaneSet;

namespace {

PaneSet pane_set(const record::Schema& schema) {
  std::vector<ops::AggregatePtr> aggregates;
  aggregates.push_back(ops::make_aggregate(call("count"), schema).value_or_throw());
  aggregates.push_back(ops::make_aggregate(call("max", {"High"}), schema).value_or_throw());
  return PaneSet(std::move(aggregates));
}

std::vector<std::vector<Cell>> taken(PaneSet& panes, std::size_t rows) {
  std::vector<record::Column> columns;
  panes.take(columns);
  std::vector<std::vector<Cell>> cells(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (std::size_t row = 0; row < rows; ++row) cells[c].push_back(cell_of(columns[c], row));
  }
  return cells;
}

using Cells = std::vector<std::vector<Cell>>;

}  // namespace

TEST_CASE("noted rows are in their panes after a flush, in all aggregates, with their extent") {
  const Table table = some_bars();
  const record::RecordBatch batch = whole(table);
  PaneSet panes = pane_set(*table.schema);
  const std::uint32_t aapl = panes.allocate();
  const std::uint32_t ibm = panes.allocate();
  for (std::size_t row = 0; row < 5; ++row) panes.note(row, row % 2 == 0 ? aapl : ibm);
  panes.flush(batch);
  panes.flush(batch);  // nothing is left to add
  CHECK(panes.extent(aapl).rows == 3);
  CHECK(panes.extent(aapl).first_offset == 1000);
  CHECK(panes.extent(aapl).last_offset == 1004);
  CHECK(panes.extent(ibm).first_time == 2);
  CHECK(panes.extent(ibm).last_time == 4);
  panes.emit(std::vector<std::uint32_t>{ibm, aapl, ibm});
  CHECK(taken(panes, 3) ==
        Cells{{std::int64_t{2}, std::int64_t{3}, std::int64_t{2}}, {5.0, 4.0, 5.0}});
}

TEST_CASE("a merged pane has the rows of both, a released one none") {
  const Table table = some_bars();
  const record::RecordBatch batch = whole(table);
  PaneSet panes = pane_set(*table.schema);
  const std::uint32_t early = panes.allocate();
  const std::uint32_t late = panes.allocate();
  for (std::size_t row = 0; row < 5; ++row) panes.note(row, row < 2 ? early : late);
  panes.flush(batch);
  const std::uint32_t both = panes.allocate();
  panes.merge(both, early);
  panes.merge(both, late);
  CHECK(panes.extent(both).rows == 5);
  CHECK(panes.extent(both).first_time == 1);
  CHECK(panes.extent(both).last_offset == 1004);
  CHECK(panes.in_use() == 3);
  panes.release(early);
  const std::uint32_t again = panes.allocate();
  CHECK(panes.extent(again).rows == 0);
  panes.emit(std::vector<std::uint32_t>{again, both});
  CHECK(taken(panes, 2) == Cells{{std::int64_t{0}, std::int64_t{5}}, {Cell{}, 5.0}});
  panes.clear();
  CHECK(panes.in_use() == 0);
}

TEST_CASE("many panes come and go in the room of the most that were in use") {
  const Table table = some_bars();
  PaneSet panes = pane_set(*table.schema);
  std::vector<std::uint32_t> held;
  for (int round = 0; round < 1'000; ++round) {
    held.push_back(panes.allocate());
    CHECK(held.back() < 128);
    if (held.size() == 100) {
      for (const std::uint32_t pane : held) panes.release(pane);
      held.clear();
    }
  }
}

TEST_CASE("a pane is restored into another set") {
  const Table table = some_bars();
  PaneSet panes = pane_set(*table.schema);
  const std::uint32_t pane = panes.allocate();
  for (std::size_t row = 0; row < 5; ++row) panes.note(row, pane);
  panes.flush(whole(table));
  base::ByteWriter writer;
  panes.snapshot(writer, pane);
  PaneSet other = pane_set(*table.schema);
  (void)other.allocate();
  const std::uint32_t restored = other.allocate();
  base::ByteReader reader(writer.bytes());
  REQUIRE(other.restore(reader, restored));
  base::ByteWriter again;
  other.snapshot(again, restored);
  CHECK(std::vector(again.bytes().begin(), again.bytes().end()) ==
        std::vector(writer.bytes().begin(), writer.bytes().end()));
}

TEST_CASE("a pane with a number of rows that cannot be is refused") {
  const Table table = some_bars();
  PaneSet panes = pane_set(*table.schema);
  const std::uint32_t pane = panes.allocate();
  base::ByteWriter writer;
  panes.snapshot(writer, pane);
  const std::span<const std::byte> saved = writer.bytes();
  std::vector<std::byte> damaged(saved.begin(), saved.end());
  const std::int64_t rows = std::numeric_limits<std::int64_t>::max();
  std::memcpy(damaged.data() + 4 * sizeof rows, &rows, sizeof rows);
  base::ByteReader good(saved);
  CHECK(panes.restore(good, pane));
  base::ByteReader bad(damaged);
  CHECK_FALSE(panes.restore(bad, pane));
}
