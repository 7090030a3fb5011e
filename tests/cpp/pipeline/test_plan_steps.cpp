#include <headrace/pipeline/plan_steps.hpp>

#include "catch.hpp"
#include "model/fake_predictor.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace headrace::pipeline;

namespace {

using Predictors = std::vector<std::shared_ptr<model::Predictor>>;

const record::SchemaPtr kSchema = test::some_bars().schema;

std::string refusal(const char* json, const Predictors& predictors) {
  const auto made = make_operator(parse_step(json), kSchema, {predictors});
  REQUIRE_FALSE(made);
  return made.error().message;
}

}  // namespace

TEST_CASE("a validate step keeps its rules in order") {
  const auto spec = std::get<ValidateSpec>(parse_step(
      R"({"op": "validate", "on_reject": "flag", "rules": [
          {"name": "b", "expr": {"lit": true}}, {"name": "a", "expr": {"col": "x"}}]})"));
  CHECK(spec.on_reject == ops::OnReject::kFlag);
  REQUIRE(spec.rules.size() == 2);
  CHECK(spec.rules[0].name == "b");
  CHECK(spec.rules[1].expression.name == "x");
}

TEST_CASE("timestamp_from keeps its parts and its zone, and may run first") {
  const StepSpec step = parse_step(
      R"({"op": "compose_time", "name": "then", "at": 1, "date": "Date", "clock": "Volume",
          "zone": {"name": "Asia/Tokyo", "transitions": [[0, 32400]]}, "nullable": true})");
  CHECK(runs_at_ingest(step));
  const ops::ComposeTimeArgs& args = std::get<ComposeTimeSpec>(step).args;
  CHECK(args.parts.date == "Date");
  CHECK_FALSE(args.parts.year);
  CHECK(args.zone->name() == "Asia/Tokyo");
  const auto made = make_operator(step, kSchema, Outside{}).value_or_throw();
  CHECK(made->output_schema()->index_of("then") == 1);
  CHECK(made->output_schema()->fields()[1].nullable);
  CHECK_THROWS_AS(parse_step(R"({"op": "compose_time", "name": "then", "at": -1, "date": "Date"})"),
                  base::Exception);
  CHECK(refusal(R"({"op": "compose_time", "name": "then", "at": 0, "date": "Dat"})", {})
            .starts_with(R"(timestamp_from: date: no column "Dat"; did you mean "Date"?)"));
}

TEST_CASE("an indicator's parameters come in the registry's order whatever the plan's") {
  const auto spec = std::get<ColumnsSpec>(parse_step(
      R"({"op": "with_columns", "columns": [{"kind": "indicator", "indicator": "macd",
          "inputs": ["High"], "params": {"signalperiod": 5, "fastperiod": 3},
          "outputs": ["a", "b", "c"]}]})"));
  const auto& call = std::get<ops::IndicatorCall>(spec.columns[0].source);
  CHECK(call.params == std::vector<double>{3, 26, 5});
  CHECK(spec.columns[0].names == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("a step that looks at earlier rows of a key keeps state by key") {
  const auto by_key = [](std::string_view json) { return keeps_state_by_key(parse_step(json)); };
  CHECK_FALSE(by_key(R"({"op": "select", "columns": ["Low"]})"));
  CHECK_FALSE(by_key(R"({"op": "deduplicate", "by": ["Low"], "within_ns": null})"));
  CHECK_FALSE(by_key(R"({"op": "sort_within", "grace_ns": 1})"));
  CHECK_FALSE(by_key(R"({"op": "filter", "expr": {"fn": "==", "args": [{"col": "a"}, {"lit": 0,
                         "type": "int64"}]}})"));
  CHECK(by_key(R"({"op": "filter", "expr": {"fn": "<", "args": [{"col": "a"},
                   {"fn": "shift", "args": [{"col": "a"}, 1]}]}})"));
  CHECK_FALSE(by_key(R"({"op": "with_columns", "columns": [
                         {"kind": "expr", "name": "b", "expr": {"col": "a"}}]})"));
  CHECK(by_key(R"({"op": "with_columns", "columns": [
                   {"kind": "expr", "name": "b", "expr": {"col": "a"}},
                   {"kind": "indicator", "indicator": "sma", "inputs": ["a"],
                    "params": {"timeperiod": 3}, "outputs": ["m"]}]})"));
}

TEST_CASE(
    "deduplicate and sort_within keep their lengths of time, and only the latter holds rows") {
  const StepSpec unique =
      parse_step(R"({"op": "deduplicate", "by": ["Ticker", "Date"], "within_ns": 7})");
  CHECK(std::get<DeduplicateSpec>(unique).by == std::vector<std::string>{"Ticker", "Date"});
  CHECK(std::get<DeduplicateSpec>(unique).within_ns == 7);
  const StepSpec ever = parse_step(R"({"op": "deduplicate", "by": ["Low"], "within_ns": null})");
  CHECK_FALSE(std::get<DeduplicateSpec>(ever).within_ns);
  const StepSpec sort = parse_step(R"({"op": "sort_within", "grace_ns": 60000000000})");
  CHECK(std::get<SortWithinSpec>(sort).grace_ns == 60'000'000'000);
  CHECK(runs_at_ingest(unique));
  CHECK(runs_at_ingest(LateSpec{1}));
  CHECK_FALSE(runs_at_ingest(sort));
  const auto holds = [](const StepSpec& step) {
    return make_operator(step, kSchema, Outside{}).value_or_throw()->holds_rows();
  };
  CHECK(holds(sort));
  CHECK_FALSE(holds(LateSpec{1}));
  CHECK_FALSE(holds(unique));
}

TEST_CASE("unpivot takes all columns but those of the other argument") {
  const StepSpec step = parse_step(
      R"({"op": "unpivot", "on": ["High", "Low"], "variable_name": "kind", "key_is_variable": true})");
  const auto made = make_operator(step, kSchema, Outside{}).value_or_throw();
  const record::Schema& schema = *made->output_schema();
  REQUIRE(schema.size() == 5);
  CHECK(schema.fields()[2].name == "Volume");
  CHECK(schema.fields()[3].name == "kind");
  CHECK(schema.key_index() == 3);
  const StepSpec rest = parse_step(R"({"op": "unpivot", "index": ["Date", "Ticker", "Volume"]})");
  CHECK(make_operator(rest, kSchema, Outside{}).value_or_throw()->output_schema()->size() == 5);
  CHECK(refusal(R"({"op": "unpivot"})", {}) == "unpivot: on: expected at least one column");
}

TEST_CASE("explode needs a list") {
  CHECK(refusal(R"({"op": "explode", "column": "Low", "keep_empty": true})", {}) ==
        R"(explode: column "Low" is no list but float64)");
}

TEST_CASE("a predict step runs the predictor that it names") {
  const Predictors predictors{test::weighted(1), test::weighted(2)};
  const StepSpec step = parse_step(
      R"({"op": "predict", "predictor": 1, "inputs": ["High", "Low"], "outputs": ["p"],
          "window": null})");
  const auto op = make_operator(step, kSchema, {predictors}).value_or_throw();
  record::RecordBatch batch = test::whole(test::some_bars());
  record::Rejects rejects;
  REQUIRE(op->process(batch, rejects));
  CHECK(test::cells_of(batch, "p")[0] == test::Cell(2.0 * 1 + 1.0 * 2));
}

TEST_CASE("a predict step that does not fit its model is refused") {
  const Predictors predictors{test::weighted(1), test::weighted(1, 4)};
  CHECK(refusal(R"({"op": "predict", "predictor": 2, "inputs": ["High"], "outputs": ["p"]})",
                predictors) == "predict: no predictor 2; there are 2");
  CHECK(refusal(R"({"op": "predict", "predictor": 0, "inputs": ["Hgih"], "outputs": ["p"]})",
                predictors)
            .starts_with(R"(predict: no column "Hgih"; did you mean "High"?)"));
  CHECK(refusal(R"({"op": "predict", "predictor": 1, "inputs": ["High"], "outputs": ["p"],
                    "window": 3})",
                predictors) ==
        "predict: the model was loaded for a window of 4 rows, the step has 3");
  CHECK(refusal(R"({"op": "predict", "predictor": 0, "inputs": ["High", "Low"],
                    "outputs": ["p"]})",
                predictors)
            .starts_with("predict: "));
  CHECK(refusal(R"({"op": "predict", "predictor": 0, "inputs": ["High"], "outputs": ["Low"]})",
                predictors)
            .starts_with(R"(predict: column "Low" is there already)"));
}
