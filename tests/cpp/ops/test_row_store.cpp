#include <headrace/ops/row_store.hpp>

#include <algorithm>
#include <numeric>
#include <span>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::RowStore;

namespace {

record::BufferPtr origins_of(std::size_t rows, std::int32_t topic) {
  record::BufferPtr origins = record::Buffer::allocate(rows * sizeof(record::TaskId));
  for (std::size_t i = 0; i < rows; ++i) {
    origins->as<record::TaskId>()[i] = {.topic = topic, .partition = static_cast<int>(i)};
  }
  return origins;
}

std::vector<std::uint32_t> copied(RowStore::Places places) {
  return {places.begin(), places.end()};
}

}  // namespace

TEST_CASE("row store: rows of every type come back, in any order") {
  std::mt19937 random(71);
  const Table table = timed_table(random, 400, false);
  RowStore store(table.schema);
  std::vector<std::uint32_t> places;
  for (std::size_t at = 0; at < 400; at += 100) {
    for (const std::uint32_t place : store.put(batch_of(table, at, at + 100))) {
      places.push_back(place);
    }
  }
  std::vector<std::size_t> rows(400);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::shuffle(rows.begin(), rows.end(), random);
  std::vector<std::uint32_t> shuffled;
  for (const std::size_t row : rows) shuffled.push_back(places[row]);
  CHECK(store.offset(shuffled[0]) == static_cast<std::int64_t>(1000 + rows[0]));
  const record::RecordBatch batch = store.take(shuffled);
  REQUIRE(batch.rows() == 400);
  CHECK_FALSE(batch.origins);
  CHECK_FALSE(batch.deleted);
  for (std::size_t i = 0; i < 400; ++i) {
    CHECK(batch.key_id(i) == table.keys[rows[i]]);
    for (std::size_t c = 0; c < table.schema->size(); ++c) {
      CHECK(same(cell_of(batch.column(c), i), table.rows[rows[i]][c]));
    }
  }
}

TEST_CASE("row store: origins and tombstones are kept from the batch on that has them") {
  std::mt19937 random(72);
  const Table table = timed_table(random, 30, false);
  RowStore store(table.schema);
  const std::vector<std::uint32_t> plain = copied(store.put(batch_of(table, 0, 10)));
  CHECK_FALSE(store.has_origins());
  record::RecordBatch batch = batch_of(table, 10, 20);
  batch.origins = origins_of(10, 3);
  batch.deleted = record::Buffer::allocate_zeroed(10);
  batch.deleted->as<std::uint8_t>()[4] = 1;
  const std::vector<std::uint32_t> with_origins = copied(store.put(batch));
  REQUIRE(store.has_origins());
  CHECK(store.origin(with_origins[7]) == record::TaskId{.topic = 3, .partition = 7});
  CHECK_FALSE(store.take(plain).deleted);
  batch = store.take(with_origins);
  REQUIRE(batch.origins);
  REQUIRE(batch.deleted);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(batch.origin(i) == record::TaskId{.topic = 3, .partition = static_cast<int>(i)});
    CHECK(batch.deleted->as<std::uint8_t>()[i] == (i == 4 ? 1 : 0));
  }
}

TEST_CASE("row store: always with origins, those of the batch's task where it has none") {
  std::mt19937 random(73);
  const Table table = timed_table(random, 10, false);
  RowStore store(table.schema, RowStore::Origins::kAlways);
  record::RecordBatch batch = batch_of(table, 0, 10);
  batch.task = {.topic = 2, .partition = 5};
  const std::vector<std::uint32_t> places = copied(store.put(batch));
  CHECK(store.take(places).origin(9) == batch.task);
}

TEST_CASE("row store: dropped places are used anew") {
  std::mt19937 random(74);
  const Table table = timed_table(random, 60, false);
  RowStore store(table.schema);
  std::vector<std::uint32_t> first = copied(store.put(batch_of(table, 0, 60)));
  store.drop(first);
  std::vector<std::uint32_t> second = copied(store.put(batch_of(table, 0, 60)));
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  CHECK(first == second);
}

TEST_CASE("row store: equal rows give equal bytes wherever they lie, and come back from them") {
  std::mt19937 random(75);
  const Table table = timed_table(random, 50, false);
  record::RecordBatch batch = batch_of(table, 0, 50);
  batch.origins = origins_of(50, 1);
  batch.deleted = record::Buffer::allocate_zeroed(50);
  batch.deleted->as<std::uint8_t>()[11] = 1;
  const auto saved = [](const RowStore& store, RowStore::Places places) {
    base::ByteWriter writer;
    store.snapshot(writer, places);
    return std::move(writer).take();
  };
  RowStore store(table.schema);
  const std::vector<std::uint32_t> places = copied(store.put(batch));
  RowStore moved(table.schema);
  const std::vector<std::uint32_t> others = copied(moved.put(batch_of(table, 7, 20)));
  const std::vector<std::uint32_t> again = copied(moved.put(batch));
  moved.drop(others);
  const std::vector<std::byte> bytes = saved(store, places);
  CHECK(saved(moved, again) == bytes);

  RowStore back(table.schema);
  base::ByteReader reader(bytes);
  REQUIRE(back.restore(reader).value_or_throw() == 50);
  CHECK(reader.remaining() == 0);
  std::vector<std::uint32_t> in_order(50);
  std::iota(in_order.begin(), in_order.end(), 0U);
  CHECK(saved(back, in_order) == bytes);
  for (std::size_t length = 0; length < bytes.size(); length += 9) {
    RowStore damaged(table.schema);
    base::ByteReader cut{std::span(bytes).first(length)};
    CHECK_FALSE(damaged.restore(cut));
  }
}
