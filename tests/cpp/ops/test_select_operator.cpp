#include <headrace/ops/select_operator.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;

TEST_CASE("select keeps the named columns in the given order, and their roles") {
  const test::Table table = test::some_bars();
  record::RecordBatch batch = test::whole(table);
  const record::BufferPtr low = batch.column(3).data;
  record::Rejects rejects;
  const auto op = ops::make_select_operator(table.schema, {"Low", "Ticker"}).value_or_throw();
  REQUIRE(op->process(batch, rejects));
  REQUIRE(batch.columns().size() == 2);
  CHECK(batch.column(0).data == low);
  CHECK(batch.schema()->key_index() == 1);
  CHECK(batch.schema()->event_time_index() == -1);
}

TEST_CASE("what orders and keys the rows stays when its columns go") {
  const test::Table table = test::some_bars();
  record::RecordBatch batch = test::whole(table);
  record::Rejects rejects;
  const auto op = ops::make_select_operator(table.schema, {"High"}).value_or_throw();
  REQUIRE(op->process(batch, rejects));
  CHECK(batch.event_times->as<std::int64_t>()[4] == 5);
  CHECK(batch.key_id(1) == 1);
  CHECK(batch.offset_values()[2] == 1002);
}

TEST_CASE("columns that are not there, twice or none are refused") {
  const record::SchemaPtr schema = test::some_bars().schema;
  const auto unknown = ops::make_select_operator(schema, {"Date", "Hihg"});
  REQUIRE_FALSE(unknown);
  CHECK(
      unknown.error().message ==
      R"(select: no column "Hihg"; did you mean "High"? columns: Date, Ticker, High, Low, Volume)");
  CHECK(unknown.error().code == base::ErrorCode::kUnknownColumn);
  CHECK_FALSE(ops::make_select_operator(schema, {"Low", "Low"}));
  CHECK_FALSE(ops::make_select_operator(schema, {}));
}
