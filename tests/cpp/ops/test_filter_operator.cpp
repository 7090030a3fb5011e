#include <headrace/ops/filter_operator.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using test::expression;

TEST_CASE("filter keeps the rows for which the condition is true; null is not true") {
  const test::Table table = test::some_bars();
  record::RecordBatch batch = test::whole(table);
  record::Rejects rejects;
  const auto op = ops::make_filter_operator(
                      table.schema, expression(R"({"fn":">=","args":[{"col":"Volume"},10]})"))
                      .value_or_throw();
  REQUIRE(op->process(batch, rejects));
  CHECK(rejects.empty());
  CHECK(op->dropped() == 0);
  CHECK(test::offsets_of(batch) == std::vector<std::int64_t>{1000, 1001, 1004});
  CHECK(batch.key_id(1) == 1);
  CHECK(op->output_schema() == table.schema);
}

TEST_CASE("filter by key, all rows and none") {
  const test::Table table = test::some_bars();
  const auto kept = [&table](std::string_view json) {
    record::RecordBatch batch = test::whole(table);
    record::Rejects rejects;
    const auto op = ops::make_filter_operator(table.schema, expression(json)).value_or_throw();
    REQUIRE(op->process(batch, rejects));
    return batch.rows();
  };
  CHECK(kept(R"({"fn":"==","args":[{"col":"Ticker"},{"lit":"AAPL"}]})") == 3);
  CHECK(kept(R"({"lit":true})") == 5);
  CHECK(kept(R"({"lit":false})") == 0);
  CHECK(kept(R"({"fn":"==","args":[{"col":"Ticker"},{"lit":null}]})") == 0);
}

TEST_CASE("shift in a filter goes on after a restore") {
  const test::Table table = test::some_bars();
  const auto rises =
      expression(R"({"fn":">","args":[{"col":"High"},{"fn":"shift","args":[{"col":"High"},1]}]})");
  const auto first = ops::make_filter_operator(table.schema, rises).value_or_throw();
  const auto second = ops::make_filter_operator(table.schema, rises).value_or_throw();
  record::Rejects rejects;
  record::RecordBatch begin = test::batch_of(table, 0, 3);
  REQUIRE(first->process(begin, rejects));
  CHECK(test::offsets_of(begin) == std::vector<std::int64_t>{1002});
  base::ByteWriter saved;
  first->snapshot(saved);
  base::ByteReader reader(saved.bytes());
  REQUIRE(second->restore(reader));
  record::RecordBatch rest = test::batch_of(table, 3, 5);
  REQUIRE(second->process(rest, rejects));
  CHECK(test::offsets_of(rest) == std::vector<std::int64_t>{1003, 1004});
}

TEST_CASE("a filter that is no condition is refused") {
  const auto made =
      ops::make_filter_operator(test::some_bars().schema, expression(R"({"col":"High"})"));
  REQUIRE_FALSE(made);
  CHECK(made.error().message == "filter: expected a bool, got float64 (High)");
}
