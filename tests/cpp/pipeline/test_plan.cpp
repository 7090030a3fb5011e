#include <headrace/pipeline/plan.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"
#include "pipeline/plans.hpp"

#include <headrace/pipeline/batch_calls.hpp>

using namespace headrace;
using pipeline::Plan;

namespace {

std::string refusal(const std::string& text) {
  const base::Result<Plan> plan = Plan::parse(text);
  REQUIRE_FALSE(plan);
  return plan.error().message;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

std::string sma(const std::string& inputs, const std::string& params) {
  return R"({"op": "with_columns", "columns": [{"kind": "indicator", "indicator": "sma",
    "inputs": )" +
         inputs + R"(, "params": )" + params + R"(, "outputs": ["m"]}]})";
}

struct Case {
  std::string steps;
  std::string words;
};

}  // namespace

TEST_CASE("a plan says its input, its output and its decoder") {
  const Plan plan = test::plan_of(test::busy_steps());
  CHECK(plan.format() == "json");
  CHECK(plan.input_schema()->size() == 5);
  CHECK(plan.input_schema()->event_time_index() == 0);
  CHECK(plan.input_schema()->fields()[4].nullable);
  const record::Schema& out = *plan.output_schema();
  REQUIRE(out.size() == 5);
  CHECK(out.fields()[1].name == "slow");
  CHECK(out.fields()[3].type == record::DType::kString);
  CHECK(out.key_index() == 0);
  CHECK(out.event_time_index() == -1);
}

TEST_CASE("a plan without steps hands its input on") {
  const Plan plan = test::plan_of("");
  CHECK(plan.output_schema() == plan.input_schema());
  CHECK(plan.instantiate().value_or_throw().empty());
}

TEST_CASE("every chain of operators has a state of its own") {
  const Plan plan = test::plan_of(sma(R"(["High"])", R"({"timeperiod": 2})"));
  const auto first = plan.instantiate().value_or_throw();
  const auto second = plan.instantiate().value_or_throw();
  record::Rejects rejects;
  record::RecordBatch a = test::whole(test::some_bars());
  record::RecordBatch b = test::whole(test::some_bars());
  REQUIRE(first[0]->process(a, rejects));
  REQUIRE(second[0]->process(b, rejects));
  CHECK(std::isnan(b.column(5).values<double>()[0]));
  CHECK(b.column(5).values<double>()[2] == 2.5);
}

TEST_CASE("parameters that are not given have their defaults") {
  const Plan plan = test::plan_of(sma(R"(["High"])", "{}"));
  CHECK(plan.output_schema()->index_of("m") == 5);
}

TEST_CASE("steps that only take rows out may run first, where the original bytes are") {
  const std::string rule =
      R"({"op": "validate", "rules": [{"name": "all", "expr": {"lit": true}}]})";
  const std::string unique = R"({"op": "deduplicate", "by": ["Ticker", "Date"]})";
  const std::string sort = R"({"op": "sort_within", "grace_ns": 1000})";
  const std::string mean = sma(R"(["High"])", "{}");
  const auto leading = [](const std::string& steps) {
    return test::plan_of(steps).leading_rules();
  };
  CHECK(leading("") == 0);
  CHECK(leading(rule + "," + unique + "," + mean) == 2);
  CHECK(leading(unique + "," + sort + "," + rule) == 2);  // the first half of sort_within, too
  CHECK(leading(sort + "," + unique) == 1);
  CHECK(leading(mean + "," + unique) == 0);
  CHECK(test::plan_of(sort).instantiate().value_or_throw().size() == 2);
}

TEST_CASE("a function makes rows anew: its schema says whether they have event times") {
  const auto text = [](const std::string& roles) {
    return R"({"version": 1, "format": "json", "schema": {"fields": [
                 {"name": "at", "type": "timestamp"}], "event_time": "at"}, "steps": [
                 {"op": "map_batches", "function": 0, "name": "f",
                  "schema": {"fields": [{"name": "at", "type": "timestamp"}])" +
           roles + "}}]}";
  };
  const std::vector<std::shared_ptr<ops::BatchFunction>> functions{
      std::make_shared<pipeline::BatchCalls>()};
  const Plan timed =
      Plan::parse(text(R"(, "event_time": "at")"), {}, {}, functions).value_or_throw();
  CHECK(timed.has_event_times());
  CHECK(timed.functions().size() == 1);
  CHECK(timed.leading_rules() == 0);
  CHECK_FALSE(Plan::parse(text(""), {}, {}, functions).value_or_throw().has_event_times());
  CHECK(refusal(text("")) == "map_batches: no function 0; there are 0");
}

TEST_CASE("options of the decoder are read") {
  const std::string text = replaced(test::plan_text(""), R"("format": "json")",
                                    R"("format": "csv", "format_options": {"delimiter": ";",
                  "columns": ["Date", "Ticker", "High", "Low", "Volume"],
                  "null_values": ["NA"]})");
  const Plan plan = Plan::parse(text).value_or_throw();
  CHECK(plan.format() == "csv");
  CHECK(plan.decoder_options().delimiter == ';');
  CHECK(plan.decoder_options().csv_columns.size() == 5);
  CHECK(plan.decoder_options().null_values == std::vector<std::string>{"NA"});
}

TEST_CASE("steps that cannot be are refused with what was received and what is known") {
  const std::vector<Case> cases{
      {R"({"op": "filtre", "expr": {"lit": true}})",
       R"(steps: no step "filtre"; did you mean "filter"? steps: validate, with_columns)"},
      {R"({"expr": {"lit": true}})", "steps: expected a step"},
      {R"(17)", "steps: expected a step, {\"op\": ...}, got 17"},
      {R"({"op": "filter", "exp": {"lit": true}})",
       R"(filter: no key "exp"; did you mean "expr"? keys: op, expr)"},
      {R"({"op": "filter"})", R"(filter: "expr" is missing)"},
      {R"({"op": "filter", "expr": {"col": "Hgih"}})",
       R"(filter: no column "Hgih"; did you mean "High"? columns: Date, Ticker, High, Low, Volume)"},
      {R"({"op": "filter", "expr": {"col": "High"}})",
       "filter: expected a bool, got float64 (High)"},
      {R"({"op": "filter", "expr": {"fn": "sin", "args": []}})", R"(no function "sin")"},
      {R"({"op": "filter", "expr": {"column": "High"}})", R"(filter: expression: no key "column")"},
      {R"({"op": "select", "columns": ["Date", "close"]})",
       R"(select: no column "close"; columns: Date, Ticker, High, Low, Volume)"},
      {R"({"op": "select", "columns": []})", "select: expected at least one column"},
      {R"({"op": "select", "columns": "Date"})",
       R"(select: "columns": expected a list, got "Date")"},
      {R"({"op": "select", "columns": [1]})", "expected a list of texts, got [1]"},
      {R"({"op": "select", "columns": ["Low", "Low"]})", R"("Low" is selected twice)"},
      {R"({"op": "select", "columns": ["Low"], "columns": ["Low"]})",
       R"(select: key "columns" stands there twice)"},
      {R"({"op": "validate", "rules": []})", "validate: expected at least one rule"},
      {R"({"op": "validate", "rules": [{"expr": {"lit": true}}]})",
       R"(validate: rule: "name" is missing)"},
      {R"({"op": "validate", "on_reject": "flagg", "rules": []})",
       R"(validate: on_reject: no value "flagg"; did you mean "flag"? values: dead_letter, drop, flag)"},
      {R"({"op": "with_columns", "columns": []})", "with_columns: expected at least one column"},
      {R"({"op": "with_columns", "columns": [{"name": "x", "expr": {"lit": 1}}]})",
       R"("kind" is missing)"},
      {R"({"op": "with_columns", "columns": [{"kind": "exp", "name": "x"}]})",
       R"(kind: no value "exp"; did you mean "expr"?)"},
      {R"({"op": "with_columns", "columns": [{"kind": "expr", "expr": {"lit": 1}}]})",
       R"("name" is missing)"},
      {R"({"op": "with_columns", "columns": [{"kind": "expr", "name": "Ticker",
           "expr": {"lit": 1}}]})",
       R"(column "Ticker" is the key and cannot be replaced)"},
      {R"({"op": "with_columns", "columns": [{"kind": "indicator", "indicator": "bbans",
           "inputs": [], "params": {}, "outputs": []}]})",
       R"(with_columns: no indicator "bbans"; did you mean "bbands"? indicators: sma,)"},
      {sma(R"(["Hgih"])", "{}"), R"(with_columns: sma: no column "Hgih"; did you mean "High"?)"},
      {sma(R"(["Ticker"])", "{}"), R"(with_columns: sma: column "Ticker" is string)"},
      {sma(R"(["High", "Low"])", "{}"), "sma: expected 1 input columns, got 2"},
      {sma(R"(["High"])", R"({"timeperoid": 3})"),
       R"(with_columns: sma: no parameter "timeperoid"; did you mean "timeperiod"?)"},
      {sma(R"(["High"])", R"({"timeperiod": "3"})"),
       R"(with_columns: sma: timeperiod: expected a number, got "3")"},
      {sma(R"(["High"])", R"({"timeperiod": 2.5})"), "timeperiod: expected a whole number from"},
      {sma(R"(["High"])", R"([3])"), R"(sma: "params": expected an object, got [3])"},
      {R"({"op": "deduplicate", "by": []})", "deduplicate: expected at least one column name"},
      {R"({"op": "deduplicate", "by": ["Tickr"], "within_ns": 5})",
       R"(deduplicate: no column "Tickr"; did you mean "Ticker"? columns: Date,)"},
      {R"({"op": "deduplicate", "by": ["Low"], "within_ns": "5s"})",
       R"(deduplicate: "within_ns": expected a whole number, got "5s")"},
      {R"({"op": "deduplicate", "by": ["Low"], "within": 5})", R"(no key "within")"},
      {R"({"op": "sort_within"})", R"(sort_within: "grace_ns" is missing)"},
      {R"({"op": "sort_within", "grace_ns": -1})",
       "sort_within: grace: expected a length of time, got -1 ns"},
      {R"({"op": "select", "columns": ["Ticker"]}, {"op": "sort_within", "grace_ns": 1})",
       "sort_within: needs an event time, and the stream has none"},
      {R"({"op": "predict", "predictor": 0, "inputs": ["High"], "outputs": ["p"]})",
       "predict: no predictor 0; there are 0"},
      {R"({"op": "predict", "predictor": -1, "inputs": [], "outputs": []})", "got -1"},
      {R"({"op": "predict", "predictor": 0.5, "inputs": [], "outputs": []})",
       R"("predictor": expected a whole number, got 0.5)"}};
  for (const Case& c : cases) {
    INFO(c.steps);
    const std::string message = refusal(test::plan_text(c.steps));
    INFO(message);
    CHECK(message.find(c.words) != std::string::npos);
  }
}

TEST_CASE("plans that cannot be are refused with what was received and what is known") {
  const std::string good = test::plan_text("");
  const auto without = [&good](const char* what) { return replaced(good, what, ""); };
  const std::vector<Case> cases{
      {"", "plan: not JSON"},
      {"[]", "plan: expected an object, got []"},
      {replaced(good, R"("version": 1)", R"("version": 2)"),
       "plan: \"version\": expected 1, got 2"},
      {without(R"("version": 1, )"), R"(plan: "version" is missing)"},
      {without(R"("format": "json", )"), R"(plan: "format" is missing)"},
      {replaced(good, "\"json\"", "\"jsno\""), R"("jsno")"},
      {replaced(good, "\"json\"", R"("json", "threads": 2)"), R"(plan: no key "threads")"},
      {replaced(good, "\"json\"", R"("csv", "format_options": {"delimiter": ";;"})"),
       R"("delimiter": expected one ASCII character, got ";;")"},
      {replaced(good, R"("type": "string")", R"("type": "str")"),
       R"(schema: column "Ticker": no type "str")"},
      {replaced(good, R"("name": "Low")", R"("name": "High")"), R"("High" is named twice)"},
      {replaced(good, R"("event_time": "Date")", R"("event_time": "Time")"),
       R"(event_time: no column "Time")"},
      {replaced(good, R"("key": "Ticker")", R"("key": "High")"),
       R"(key: column "High" must be a string or int64)"},
      {replaced(good, R"("key": "Ticker")", R"("keys": "Ticker")"),
       R"(schema: no key "keys"; did you mean "key"?)"}};
  for (const Case& c : cases) {
    INFO(c.steps);
    const std::string message = refusal(c.steps);
    INFO(message);
    CHECK(message.find(c.words) != std::string::npos);
  }
}
