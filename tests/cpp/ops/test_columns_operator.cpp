#include <headrace/ops/columns_operator.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace headrace::ops;
using test::Cell;
using test::expression;

namespace {

NewColumns computed(std::string name, std::string_view json) {
  return {.names = {std::move(name)}, .source = expression(json)};
}

NewColumns lagged(std::string name, std::string input, double rows) {
  return {.names = {std::move(name)},
          .source = IndicatorCall{
              .info = find_indicator("lag"), .inputs = {std::move(input)}, .params = {rows}}};
}

std::vector<std::string> names_of(const record::Schema& schema) {
  std::vector<std::string> names;
  for (const record::Field& field : schema.fields()) names.push_back(field.name);
  return names;
}

std::string refusal(const std::vector<NewColumns>& columns) {
  const auto made = make_columns_operator(test::some_bars().schema, columns);
  REQUIRE_FALSE(made);
  return made.error().message;
}

const char* const kMid =
    R"({"fn":"/","args":[{"fn":"+","args":[{"col":"High"},{"col":"Low"}]},2]})";

}  // namespace

TEST_CASE("new columns stand at the end in the order given, expressions and indicators mixed") {
  const test::Table table = test::some_bars();
  const auto op =
      make_columns_operator(table.schema, {lagged("before", "High", 1), computed("mid", kMid),
                                           lagged("long_before", "High", 2)})
          .value_or_throw();
  record::RecordBatch batch = test::whole(table);
  record::Rejects rejects;
  REQUIRE(op->process(batch, rejects));
  CHECK(names_of(*op->output_schema()) == std::vector<std::string>{"Date", "Ticker", "High", "Low",
                                                                   "Volume", "before", "mid",
                                                                   "long_before"});
  CHECK(batch.schema() == op->output_schema());
  REQUIRE(batch.columns().size() == 8);
  CHECK(test::cells_of(batch, "mid") == std::vector<Cell>{1.5, 1.75, 2.0, 4.5, 3.0});
  CHECK(test::same(test::cell_of(batch.column(5), 0), std::nan("")));
  CHECK(test::same(test::cell_of(batch.column(5), 3), 1.5));
  CHECK(test::same(test::cell_of(batch.column(7), 4), 2.0));
  CHECK(test::cells_of(batch, "High") == std::vector<Cell>{2.0, 1.5, 3.0, 5.0, 4.0});
}

TEST_CASE("a namesake is replaced in its place, and all parts see what was there before") {
  const test::Table table = test::some_bars();
  const auto op = make_columns_operator(
                      table.schema, {computed("High", R"({"fn":"*","args":[{"col":"High"},10.0]})"),
                                     lagged("Low", "High", 1), computed("mid", kMid)})
                      .value_or_throw();
  record::RecordBatch batch = test::whole(table);
  record::Rejects rejects;
  REQUIRE(op->process(batch, rejects));
  CHECK(names_of(*op->output_schema()) ==
        std::vector<std::string>{"Date", "Ticker", "High", "Low", "Volume", "mid"});
  CHECK(test::cells_of(batch, "High") == std::vector<Cell>{20.0, 15.0, 30.0, 50.0, 40.0});
  CHECK(test::cells_of(batch, "mid") == std::vector<Cell>{1.5, 1.75, 2.0, 4.5, 3.0});
  CHECK(test::same(test::cell_of(batch.column(3), 2), 2.0));  // the former High of AAPL
  CHECK(batch.schema()->event_time_index() == 0);
  CHECK(batch.schema()->key_index() == 1);
}

TEST_CASE("a replaced column takes its new type and nullability") {
  const test::Table table = test::some_bars();
  const auto op = make_columns_operator(table.schema, {computed("High", R"({"col":"Volume"})"),
                                                       computed("known", R"({"fn":"~","args":[
                                         {"fn":"is_null","args":[{"col":"Volume"}]}]})")})
                      .value_or_throw();
  const std::vector<record::Field>& fields = op->output_schema()->fields();
  CHECK(fields[2].type == record::DType::kInt64);
  CHECK(fields[2].nullable);
  CHECK(fields[5].type == record::DType::kBool);
  CHECK_FALSE(fields[5].nullable);
}

TEST_CASE("state of indicators and of shift goes on after a restore") {
  const test::Table table = test::some_bars();
  const std::vector<NewColumns> columns{
      lagged("a", "High", 1), computed("b", R"({"fn":"shift","args":[{"col":"Ticker"},1]})")};
  const auto first = make_columns_operator(table.schema, columns).value_or_throw();
  const auto second = make_columns_operator(table.schema, columns).value_or_throw();
  record::Rejects rejects;
  record::RecordBatch begin = test::batch_of(table, 0, 3);
  REQUIRE(first->process(begin, rejects));
  base::ByteWriter saved;
  first->snapshot(saved);
  base::ByteReader reader(saved.bytes());
  REQUIRE(second->restore(reader));
  CHECK(reader.remaining() == 0);
  record::RecordBatch rest = test::batch_of(table, 3, 5);
  REQUIRE(second->process(rest, rejects));
  CHECK(test::cells_of(rest, "a") == std::vector<Cell>{1.5, 3.0});
  CHECK(test::cells_of(rest, "b") == std::vector<Cell>{std::string("IBM"), std::string("AAPL")});
  base::ByteReader cut(saved.bytes().first(saved.bytes().size() - 1));
  CHECK_FALSE(second->restore(cut));
}

TEST_CASE("columns that cannot be made are refused with what was received") {
  CHECK(refusal({}).find("at least one column") != std::string::npos);
  CHECK(refusal({computed("x", R"({"col":"Hihg"})")})
            .starts_with(R"(with_columns: x: no column "Hihg"; did you mean "High"?)"));
  CHECK(refusal({lagged("x", "Hihg", 1)})
            .starts_with(R"(with_columns: lag: no column "Hihg"; did you mean "High"?)"));
  CHECK(refusal({computed("x", kMid), lagged("x", "High", 1)}) ==
        R"(with_columns: column "x" is made twice)");
  CHECK(refusal({computed("", kMid)}) == "with_columns: a column needs a name");
  CHECK(refusal({computed("Ticker", kMid)}) ==
        R"(with_columns: column "Ticker" is the key and cannot be replaced; )"
        "give the new column another name");
  CHECK(refusal({computed("Date", kMid)}).find("is the event time") != std::string::npos);
  CHECK(refusal({lagged("x", "Ticker", 1)}).find("\"Ticker\" is string") != std::string::npos);
  CHECK(refusal({lagged("x", "High", 0)}).find("got 0") != std::string::npos);
  CHECK(refusal({{.names = {"a", "b"}, .source = expression(kMid)}}) ==
        "with_columns: an expression makes one column");
}
