#include <headrace/pipeline/plan_joins.hpp>

#include <string>
#include <vector>

#include <headrace/pipeline/plan.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace headrace::pipeline;

namespace {

const record::SchemaPtr kBars = test::some_bars().schema;

std::vector<std::string> names(const base::Result<ops::MergeOperatorPtr>& made) {
  std::vector<std::string> found;
  for (const record::Field& field : (*made)->output_schema()->fields()) found.push_back(field.name);
  return found;
}

base::Result<ops::MergeOperatorPtr> made(const std::string& json, std::size_t inputs = 2) {
  return parse_merge(json)(std::vector<record::SchemaPtr>(inputs, kBars));
}

std::string refusal(const std::string& json) {
  try {
    (void)parse_merge(json);
  } catch (const base::Exception& exception) {
    return exception.error().message;
  }
  return "none";
}

std::string leaf(bool table) {
  return R"({"version": 1, "format": "json", "steps": [], "table": )" +
         std::string(table ? "true" : "false") + R"(,
      "schema": {"key": "k", "fields": [{"name": "k", "type": "string"}]}})";
}

}  // namespace

TEST_CASE("each join is made over its two inputs") {
  const std::vector<std::string> both{"Date",   "Ticker", "High",  "Low",     "Volume",
                                      "Date_r", "High_r", "Low_r", "Volume_r"};
  CHECK(names(made(R"({"op": "join_asof", "by": ["Ticker"], "suffix": "_r",
                       "strategy": "nearest", "tolerance_ns": 5})")) == both);
  CHECK(names(made(R"({"op": "join_interval", "by": ["Ticker"], "suffix": "_r",
                       "lower_ns": -5, "upper_ns": 0, "how": "left"})")) == both);
  CHECK(names(made(R"({"op": "join_table", "on": ["Ticker"], "suffix": "_r", "how": "left"})")) ==
        both);
}

TEST_CASE("what the operators refuse is refused, and what nobody knows") {
  CHECK(made(R"({"op": "join_asof", "by": [], "suffix": "_r", "tolerance_ns": -1})")
            .error()
            .message.starts_with("join_asof: tolerance: expected a length of time"));
  CHECK(made(R"({"op": "join_asof", "by": [], "suffix": "_r"})", 3).error().message ==
        "join_asof: expected two inputs, got 3");
  CHECK(refusal(R"({"op": "join_asof", "by": [], "suffix": "_r", "strategy": "forwards"})")
            .find("did you mean \"forward\"?") != std::string::npos);
  CHECK(refusal(R"({"op": "join_interval", "by": [], "suffix": "_r", "upper_ns": 0})")
            .find("lower_ns") != std::string::npos);
  CHECK(refusal(R"({"op": "join_table", "on": ["k"], "suffix": "_r", "how": "outer"})")
            .find("inner") != std::string::npos);
}

TEST_CASE("a table of no event time can be an input, another stream of none can't") {
  const auto plan = [](bool table) {
    return Plan::parse(R"({"version": 1, "steps": [], "inputs": [{"grace_ns": 0, "plan": )" +
                       leaf(table) + "}]}");
  };
  CHECK(plan(true)->inputs()[0].plan->is_table());
  CHECK(plan(false).error().message.find("has no event time") != std::string::npos);
}

TEST_CASE("a static join finds its table by its id") {
  const auto table =
      ops::StaticTable::create(test::whole(test::some_bars()), {"Ticker"}).value_or_throw();
  const auto plan = [&](const std::string& id, const std::string& on) {
    return Plan::parse(R"({"version": 1, "format": "json",
        "schema": {"fields": [{"name": "Ticker", "type": "string"}]},
        "steps": [{"op": "join", "on": [")" +
                           on + R"("], "table": ")" + id +
                           R"(", "suffix": "_r", "how": "inner"}]})",
                       {}, {table});
  };
  CHECK(plan(table->id(), "Ticker")->output_schema()->index_of("High") == 2);
  CHECK(plan("0", "Ticker").error().message == "join: no table 0 by these columns");
  CHECK_FALSE(plan(table->id(), "Date"));
}
