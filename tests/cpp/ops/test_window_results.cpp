#include <headrace/ops/window/window_results.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"
#include "ops/windows.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::WindowResults;
using record::DType;

namespace {

const WindowResults::Names kNames{.start = "start", .end = "end", .is_final = ""};

std::vector<std::string> names(const record::Schema& schema) {
  std::vector<std::string> found;
  for (const record::Field& field : schema.fields()) found.push_back(field.name);
  return found;
}

record::Schema flights() {
  return record::Schema({{.name = "at", .type = DType::kTimestamp},
                         {.name = "Delay", .type = DType::kFloat64},
                         {.name = "Tail", .type = DType::kString, .nullable = true},
                         {.name = "Number", .type = DType::kInt64},
                         {.name = "Airline", .type = DType::kString}},
                        "at", "Airline");
}

std::string key_of(const std::vector<std::size_t>& group) {
  const auto made = WindowResults::make(flights(), group, {}, kNames).value_or_throw();
  const int key = made.schema()->key_index();
  return key < 0 ? "" : made.schema()->fields()[static_cast<std::size_t>(key)].name;
}

}  // namespace

TEST_CASE("columns are the group's, the bounds, the aggregates and whether it is final") {
  const std::vector<record::Field> counts{{.name = "count", .type = DType::kInt64}};
  const auto made = WindowResults::make(flights(), {4, 3}, counts,
                                        {.start = "start", .end = "end", .is_final = "is_final"})
                        .value_or_throw();
  CHECK(names(*made.schema()) ==
        std::vector<std::string>{"Airline", "Number", "start", "end", "count", "is_final"});
  CHECK(made.schema()->event_time_index() == 2);
  const auto without_end =
      WindowResults::make(flights(), {}, counts, {.start = "at", .end = "", .is_final = ""})
          .value_or_throw();
  CHECK(names(*without_end.schema()) == std::vector<std::string>{"at", "count"});
}

TEST_CASE("the key is the stream's where it is in the group, else the first that can be one") {
  CHECK(key_of({3, 4}) == "Airline");
  CHECK(key_of({1, 3}) == "Number");
  CHECK(key_of({1, 2}) == "");  // a number with a fraction, and what may be null
  CHECK(key_of({}) == "");
}

TEST_CASE("two columns of one name are refused") {
  const auto words = [](std::vector<record::Field> fields) {
    const auto made = WindowResults::make(flights(), {4}, std::move(fields), kNames);
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  const record::Field count{.name = "count", .type = DType::kInt64};
  CHECK(words({count, count}) ==
        "agg: column \"count\" would be there twice; give the aggregate another name");
  CHECK(words({{.name = "end", .type = DType::kInt64}}) ==
        "agg: column \"end\" would be there twice; give the aggregate another name");
  CHECK(words({{.name = "Airline", .type = DType::kInt64}}) ==
        "agg: column \"Airline\" would be there twice; give the aggregate another name");
}

TEST_CASE("results replace the rows of a batch, which keeps what it is of") {
  const Table table = some_bars();
  record::RecordBatch batch = whole(table);
  batch.task = {.topic = 2, .partition = 7};
  batch.next_offset = 99;
  ops::GroupIndex groups(*table.schema, {1});
  groups.begin(batch);
  const std::uint32_t aapl = groups.add(0);
  const std::uint32_t ibm = groups.add(1);
  std::vector<ops::AggregatePtr> aggregates;
  aggregates.push_back(ops::make_aggregate(call("count"), *table.schema).value_or_throw());
  std::vector<record::Field> fields = aggregates[0]->fields();
  ops::PaneSet panes(std::move(aggregates));
  const std::uint32_t pane = panes.allocate();
  for (std::size_t row = 0; row < 5; ++row) panes.note(row, pane);
  panes.flush(batch);
  auto results = WindowResults::make(*table.schema, {1}, fields, kNames).value_or_throw();
  for (const std::uint32_t id : {ibm, aapl}) {
    results.add({.group = id, .key = groups.serial(id), .start = 10, .end = 20, .offset = 1004});
    panes.emit({&pane, 1});
  }
  results.write(batch, groups, panes);
  CHECK(cells_of(batch, "Ticker") == std::vector<Cell>{std::string("IBM"), std::string("AAPL")});
  CHECK(cells_of(batch, "start") == std::vector<Cell>(2, std::int64_t{10}));
  CHECK(cells_of(batch, "end") == std::vector<Cell>(2, std::int64_t{20}));
  CHECK(cells_of(batch, "count") == std::vector<Cell>(2, std::int64_t{5}));
  CHECK(offsets_of(batch) == std::vector<std::int64_t>{1004, 1004});
  CHECK(batch.event_times->as<std::int64_t>()[1] == 10);
  CHECK(batch.key_id(0) == 1);
  CHECK(batch.key_id(1) == 0);
  CHECK(batch.key_count == 2);
  CHECK(batch.task.partition == 7);
  CHECK(batch.next_offset == 99);
  results.write(batch, groups, panes);
  CHECK(batch.rows() == 0);  // each comes out once
}
