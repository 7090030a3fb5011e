#include <headrace/pipeline/plan_merge.hpp>

#include <headrace/pipeline/plan.hpp>

#include "catch.hpp"
#include "pipeline/plans.hpp"

using namespace headrace;
using namespace headrace::test;
using pipeline::Plan;

namespace {

std::string input(const std::string& plan, const std::string& more = R"("grace_ns": 0)") {
  return "{" + more + R"(, "plan": )" + plan + "}";
}

std::string tree(const std::string& inputs, const std::string& more = R"("steps": [])") {
  return R"({"version": 1, "inputs": [)" + inputs + "], " + more + "}";
}

std::string refused(const std::string& text) {
  const auto plan = Plan::parse(text);
  REQUIRE_FALSE(plan);
  return plan.error().message;
}

const char* const kSelect = R"({"op": "select", "columns": ["Date", "Ticker"]})";

}  // namespace

TEST_CASE("plan tree: inputs are plans, steps stand behind the merge") {
  const std::string leaf = plan_text("");
  const std::string text =
      tree(input(leaf) + "," + input(leaf, R"("grace_ns": 7, "idle_timeout_ns": 9)"),
           R"("merge": {"op": "union", "source": "of", "names": ["a", "b"]},
              "steps": [{"op": "select", "columns": ["of", "Date"]}])");
  const Plan plan = Plan::parse(text).value_or_throw();
  CHECK(plan.is_merge());
  REQUIRE(plan.inputs().size() == 2);
  CHECK(plan.inputs()[1].grace_ns == 7);
  CHECK(plan.inputs()[1].idle_timeout_ns == 9);
  CHECK_FALSE(plan.inputs()[0].idle_timeout_ns);
  CHECK(plan.input_schema()->fields().back().name == "of");
  CHECK(plan.output_schema()->size() == 2);
  REQUIRE(plan.leaves().size() == 2);
  CHECK(plan.leaves()[1] == plan.inputs()[1].plan.get());
}

TEST_CASE("plan tree: merges of merges; leaves in the order in which they stand") {
  const std::string leaf = plan_text("");
  const std::string two = tree(input(plan_text(kSelect)) + "," + input(plan_text(kSelect)));
  const Plan plan =
      Plan::parse(tree(input(two) + "," + input(plan_text(kSelect)))).value_or_throw();
  REQUIRE(plan.leaves().size() == 3);
  CHECK(plan.leaves()[0] == plan.inputs()[0].plan->inputs()[0].plan.get());
  CHECK(plan.leaves()[2] == plan.inputs()[1].plan.get());
  CHECK(Plan::parse(leaf).value_or_throw().leaves().size() == 1);
}

TEST_CASE("plan tree: a single input needs no word on how it is merged") {
  const Plan plan = Plan::parse(tree(input(plan_text(kSelect)))).value_or_throw();
  CHECK(plan.output_schema()->size() == 2);
  CHECK(plan.leading_rules() == 0);
}

TEST_CASE("plan tree: no rule runs where records are read, behind a merge") {
  const Plan plan = Plan::parse(tree(input(plan_text("")), R"("steps": [{"op": "deduplicate",
      "by": ["Ticker"]}])"))
                        .value_or_throw();
  CHECK(plan.leading_rules() == 0);
  CHECK(plan.steps() == 1);
}

TEST_CASE("plan tree: what is wrong is said with what was received") {
  const std::string leaf = plan_text("");
  const auto contains = [](const std::string& text, const std::string& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
  };
  CHECK(contains(refused(tree("")), "\"inputs\": expected at least one, got []"));
  CHECK(contains(refused(tree(input(leaf, R"("grace_ns": -1)"))),
                 "\"grace_ns\": expected a length of time, got -1"));
  CHECK(contains(refused(tree(input(leaf, R"("grace_ns": 0, "idle_timeout_ns": 0)"))),
                 "\"idle_timeout_ns\": expected a length of time, got 0"));
  CHECK(contains(refused(tree(input(leaf), R"("merge": {"op": "unoin"}, "steps": [])")), "unoin"));
  CHECK(contains(refused(tree(input(leaf), R"("merge": {"op": "unoin"}, "steps": [])")), "union"));
  CHECK(contains(refused(tree(input(leaf), R"("merge": 5, "steps": [])")),
                 "merge: expected {\"op\": ...}, got 5"));
  CHECK(contains(refused(tree(input(leaf), R"("format": "json", "steps": [])")),
                 "\"format\": expected it in the plans of the inputs"));
  CHECK(contains(refused(leaf.substr(0, leaf.size() - 1) + R"(, "merge": {"op": "union"}})"),
                 "\"merge\": expected it beside \"inputs\" only"));
  CHECK(contains(refused(tree(input(leaf) + "," + input(plan_text(kSelect)))),
                 "union: stream 2 has no column \"High\""));
  const std::string timeless = R"({"version": 1, "format": "json", "schema": {"fields": [
      {"name": "x", "type": "float64"}]}, "steps": []})";
  CHECK(contains(refused(tree(input(leaf) + "," + input(timeless))), "stream 2 has no event time"));
}
