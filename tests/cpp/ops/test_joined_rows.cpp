#include <headrace/ops/join/joined_rows.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::RowPool;

TEST_CASE("pairs become rows of both sides, with the place of the left row in its partition") {
  const Table table = some_bars();
  RowPool left(*table.schema, {1});
  RowPool right(*table.schema, {2});
  record::RecordBatch batch = whole(table);
  batch.task = {.topic = 1, .partition = 4};
  const std::vector<std::uint32_t> lefts = [&] {
    const RowPool::Places taken = left.add(batch);
    return std::vector<std::uint32_t>(taken.begin(), taken.end());
  }();
  const RowPool::Places rights = right.add(batch);
  const auto schema = std::make_shared<const record::Schema>(std::vector<record::Field>{
      {.name = "Ticker", .type = record::DType::kString},
      {.name = "High", .type = record::DType::kFloat64, .nullable = true}});
  ops::JoinedRows joined(schema);
  joined.add(lefts[1], rights[0]);
  joined.add(lefts[1], rights[3]);
  joined.add(lefts[2], RowPool::kNoRow);
  left.drop(lefts[1]);  // what was dropped can be taken until the next add
  record::RecordBatch out;
  joined.take(left, right, out);
  CHECK(cells_of(out, "Ticker") == std::vector<Cell>{"IBM", "IBM", "AAPL"});
  CHECK(cells_of(out, "High") == std::vector<Cell>{2.0, 5.0, {}});
  CHECK(offsets_of(out) == std::vector<std::int64_t>{1001, 1001, 1002});
  CHECK(out.event_times->as<std::int64_t>()[2] == 3);
  CHECK(out.origin(0) == batch.task);
  joined.take(left, right, out);
  CHECK(out.rows() == 0);
}
