#include <headrace/ops/unpivot_operator.hpp>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;
using record::DType;

namespace {

record::RecordBatch unpivoted(const Table& table, ops::UnpivotArgs args) {
  args.schema = table.schema;
  record::RecordBatch batch = whole(table);
  record::Rejects rejects;
  const auto op = ops::make_unpivot_operator(args).value_or_throw();
  op->process(batch, rejects).throw_if_error();
  CHECK(rejects.empty());
  CHECK(batch.schema() == op->output_schema());
  return batch;
}

std::string refusal(const Table& table, ops::UnpivotArgs args) {
  args.schema = table.schema;
  const auto made = ops::make_unpivot_operator(args);
  REQUIRE_FALSE(made);
  return made.error().message;
}

ops::UnpivotArgs high_and_low() {
  return {.schema = {}, .on = {"High", "Low"}, .index = {"Date", "Ticker"}};
}

}  // namespace

TEST_CASE("a row becomes one for each column, row by row, with its offset, time and key") {
  const record::RecordBatch batch = unpivoted(some_bars(), high_and_low());
  REQUIRE(batch.rows() == 10);
  CHECK(cells_of(batch, "variable")[0] == Cell("High"));
  CHECK(cells_of(batch, "variable")[1] == Cell("Low"));
  CHECK(cells_of(batch, "value")[2] == Cell(1.5));
  CHECK(cells_of(batch, "value")[3] == Cell(2.0));
  CHECK(cells_of(batch, "Ticker")[3] == Cell("IBM"));
  CHECK(offsets_of(batch) ==
        std::vector<std::int64_t>{1000, 1000, 1001, 1001, 1002, 1002, 1003, 1003, 1004, 1004});
  CHECK(batch.event_times->as<std::int64_t>()[7] == 4);
  CHECK(batch.key_id(2) == 1);
  CHECK(batch.key_id(5) == 0);
  CHECK(batch.schema()->fields()[3].name == "value");
  CHECK(batch.schema()->key_index() == 1);
  CHECK(batch.schema()->event_time_index() == 0);
}

TEST_CASE("the names of the columns can be the key") {
  ops::UnpivotArgs args = high_and_low();
  args.index = {"Date"};
  args.variable_name = "kind";
  args.key_is_variable = true;
  const record::RecordBatch batch = unpivoted(some_bars(), args);
  CHECK(batch.schema()->key_index() == 1);
  CHECK(batch.key_count == 2);
  CHECK(batch.key_id(0) == 0);
  CHECK(batch.key_id(1) == 1);
  CHECK(batch.key_id(8) == 0);
}

TEST_CASE("whole and other numbers become numbers, and a null stays a row") {
  ops::UnpivotArgs args = high_and_low();
  args.on = {"Volume", "High"};
  const record::RecordBatch batch = unpivoted(some_bars(), args);
  CHECK(batch.schema()->fields().back().type == DType::kFloat64);
  CHECK(batch.schema()->fields().back().nullable);
  const std::vector<Cell> values = cells_of(batch, "value");
  CHECK(values[0] == Cell(10.0));
  CHECK(values[1] == Cell(2.0));
  CHECK(values[4] == Cell(std::nullopt));
  CHECK(std::isnan(batch.column(3).values<double>()[4]));
  args.on = {"Volume"};
  CHECK(cells_of(unpivoted(some_bars(), args), "value")[3] == Cell(std::int64_t{-1}));
}

TEST_CASE("one column gives as many rows as there were, and no rows give none") {
  ops::UnpivotArgs args = high_and_low();
  args.on = {"Low"};
  CHECK(offsets_of(unpivoted(some_bars(), args)) ==
        std::vector<std::int64_t>{1000, 1001, 1002, 1003, 1004});
  Table empty = some_bars();
  empty.rows.clear();
  empty.keys.clear();
  CHECK(unpivoted(empty, high_and_low()).rows() == 0);
}

TEST_CASE("columns of any type, cut anywhere, are the plain rows written out") {
  std::mt19937 random(41);
  const std::vector<std::vector<std::string>> groups{{"yes", "maybe"}, {"i", "j"}, {"j", "y", "x"},
                                                     {"s", "t"},       {"then"},   {"y", "i"}};
  for (int round = 0; round < 4; ++round) {
    const Table table = timed_table(random, 1200);
    for (const std::vector<std::string>& on : groups) {
      ops::UnpivotArgs args{.schema = table.schema, .on = on, .index = {"at", "i", "t"}};
      if (on.back() == "i") args.index = {"at", "s"}, args.key_is_variable = true;
      const auto op = ops::make_unpivot_operator(args).value_or_throw();
      const bool whole_numbers = op->output_schema()->fields().back().type == DType::kInt64;
      Outcome got;
      feed(*op, table, random_cuts(random, table.rows.size()), true, got);
      REQUIRE(got.rows.size() == table.rows.size() * on.size());
      for (std::size_t i = 0; i < got.rows.size(); ++i) {
        const std::size_t row = i / on.size();
        const std::string& name = on[i % on.size()];
        Cell value = table.rows[row][static_cast<std::size_t>(table.schema->index_of(name))];
        const bool number = name == "i" || name == "j";
        if (value && number && !whole_numbers) {
          value = static_cast<double>(std::get<std::int64_t>(*value));
        }
        REQUIRE(same(got.rows[i].back(), value));
        REQUIRE(got.rows[i][got.rows[i].size() - 2] == Cell(name));
        REQUIRE(got.offsets[i] == static_cast<std::int64_t>(1000 + row));
        const auto key =
            args.key_is_variable ? static_cast<std::uint32_t>(i % on.size()) : table.keys[row];
        REQUIRE(got.keys[i] == key);
      }
      CHECK(saved(*op).empty());
    }
  }
}

TEST_CASE("what cannot be unpivoted is refused in words") {
  const Table table = some_bars();
  ops::UnpivotArgs args = high_and_low();
  args.on = {};
  CHECK(refusal(table, args) == "unpivot: on: expected at least one column");
  args.on = {"Hihg"};
  CHECK(refusal(table, args).starts_with(R"(unpivot: on: no column "Hihg"; did you mean "High"?)"));
  args.on = {"High", "High"};
  CHECK(refusal(table, args) == R"(unpivot: on: column "High" is named twice)");
  args.on = {"Volume", "Ticker"};
  CHECK(refusal(table, args) ==
        "unpivot: on: columns of one type, or int64 and float64, can be in one column of values; "
        "got \"Volume\" of int64 and \"Ticker\" of string");
  args = high_and_low();
  args.index = {"Date"};
  CHECK(refusal(table, args) ==
        "unpivot: index: the key \"Ticker\" must be in it, unless the names of the columns become "
        "the key: key=\"variable\"");
  args = high_and_low();
  args.value_name = "Date";
  CHECK(refusal(table, args) == R"(unpivot: column "Date" is named twice)");
}
