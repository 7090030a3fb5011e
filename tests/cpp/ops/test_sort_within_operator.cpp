#include <headrace/ops/sort_within_operator.hpp>

#include <headrace/ops/late_operator.hpp>

#include "catch.hpp"
#include "ops/steps.hpp"

using namespace headrace;
using namespace headrace::test;

namespace {

ops::OperatorPtr sort_within(const record::SchemaPtr& schema, std::int64_t grace) {
  return ops::make_sort_within_operator(schema, grace).value_or_throw();
}

Table at_times(const std::vector<std::int64_t>& times) {
  std::vector<Bar> rows;
  for (const std::int64_t time : times) {
    rows.push_back({time, "T" + std::to_string(rows.size() % 3), 2, 1, std::int64_t{1}});
  }
  return bars(rows);
}

}  // namespace

TEST_CASE("rows are held until the newest is more than the grace ahead, and come out in order") {
  const Table table = at_times({100, 90, 105, 110, 111, 95, 121});
  const ops::OperatorPtr op = sort_within(table.schema, 10);
  record::Rejects rejects;
  std::vector<std::vector<std::int64_t>> given;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    record::RecordBatch batch = batch_of(table, row, row + 1);
    REQUIRE(op->process(batch, rejects));
    given.push_back(offsets_of(batch));
  }
  const std::vector<std::vector<std::int64_t>> expected{{},     {},     {1001},      {},
                                                        {1000}, {1005}, {1002, 1003}};
  CHECK(given == expected);
  CHECK(op->holds_rows());
  CHECK(op->first_held() == 1004);
  record::RecordBatch last = batch_of(table, 7, 7);
  last.next_offset = 42;
  last.task = {.topic = 1, .partition = 3};
  REQUIRE(op->finish(last, rejects));
  CHECK(offsets_of(last) == std::vector<std::int64_t>{1004, 1006});
  CHECK(last.next_offset == 42);
  CHECK(last.task.partition == 3);
  CHECK(op->first_held() == ops::Operator::kNothingHeld);
  CHECK(rejects.empty());
}

TEST_CASE("rows of the same time stay in the order in which they came") {
  const Table table = at_times({5, 3, 5, 3, 5, 3});
  const Outcome outcome = outcome_of(*sort_within(table.schema, 100), table);
  CHECK(outcome.offsets == std::vector<std::int64_t>{1001, 1003, 1005, 1000, 1002, 1004});
}

// What the two halves do together, against a sort of everything that is not late.
TEST_CASE("after late rows are gone, random rows come out as one stable sort would put them") {
  std::mt19937 random(51);
  for (const std::int64_t grace : {0, 5, 20, 100}) {
    const Table table = timed_table(random, 3000, false);
    const auto at = static_cast<std::size_t>(table.schema->event_time_index());
    std::vector<std::pair<std::int64_t, std::int64_t>> rows;  // time, offset
    std::int64_t newest = 0;
    std::size_t late = 0;
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      const auto time = std::get<std::int64_t>(*table.rows[row][at]);
      newest = std::max(newest, time);
      if (newest - time > grace) {
        ++late;
      } else {
        rows.emplace_back(time, 1000 + row);
      }
    }
    std::sort(rows.begin(), rows.end());
    const auto reject_late = ops::make_late_operator(table.schema, grace).value_or_throw();
    const ops::OperatorPtr op = sort_within(table.schema, grace);
    record::Rejects rejects;
    Outcome got;
    const std::vector<std::size_t> cuts = random_cuts(random, table.rows.size());
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      record::RecordBatch batch = batch_of(table, cuts[k], cuts[k + 1]);
      REQUIRE(reject_late->process(batch, rejects));
      const bool last = k + 2 == cuts.size();
      REQUIRE((last ? op->finish(batch, rejects) : op->process(batch, rejects)));
      got.add(batch);
    }
    CHECK(rejects.size() == late);
    REQUIRE(got.offsets.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK(got.offsets[i] == rows[i].second);
      CHECK(got.event_times[i] == rows[i].first);
    }
  }
}

TEST_CASE("sort_within needs an event time and a length of time") {
  const record::SchemaPtr schema = some_bars().schema;
  const auto untimed = std::make_shared<const record::Schema>(schema->fields());
  CHECK(ops::make_sort_within_operator(untimed, 1).error().message ==
        "sort_within: needs an event time, and the stream has none: say which column it is, as in "
        "hr.Schema({...}, event_time=\"Date\")");
  CHECK(ops::make_sort_within_operator(schema, -5).error().message ==
        "sort_within: grace: expected a length of time, got -5 ns");
}
