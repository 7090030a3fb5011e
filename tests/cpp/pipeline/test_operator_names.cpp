#include <headrace/pipeline/operator_names.hpp>

#include <headrace/pipeline/task.hpp>

#include "catch.hpp"

using namespace headrace;
using namespace headrace::pipeline;

namespace {

using Names = std::vector<std::string>;
using Places = std::vector<std::optional<std::size_t>>;

checkpoint::Checkpoint with(const Names& names) {
  checkpoint::Checkpoint made;
  made.facts[kOperatorsFact] = operators_fact(names);
  return made;
}

Plan plan_of(const std::string& steps) {
  return Plan::parse(R"({"version": 1, "format": "json", "schema": {"fields": [
             {"name": "k", "type": "string", "nullable": false, "path": ["k"]},
             {"name": "x", "type": "float64", "nullable": false, "path": ["x"]}],
             "key": "k"}, "steps": [)" +
                     steps + "]}")
      .value_or_throw();
}

const std::string kRsi = R"({"op": "with_columns", "columns": [{"kind": "indicator",
    "indicator": "rsi", "inputs": ["x"], "params": {"timeperiod": 3}, "outputs": ["rsi"]}]})";
const std::string kSma = R"({"op": "with_columns", "columns": [{"kind": "indicator",
    "indicator": "sma", "inputs": ["x"], "params": {"timeperiod": 3}, "outputs": ["sma"]}]})";

}  // namespace

TEST_CASE("operators are found where they are by now") {
  const checkpoint::Checkpoint state = with({"a", "b", "c"});
  CHECK(places_of(Names{"c", "x", "a"}, state) == Places{2, std::nullopt, 0});
  CHECK(is_same(Names{"a", "b", "c"}, state));
  CHECK_FALSE(is_same(Names{"a", "b"}, state));
  CHECK_FALSE(is_same(Names{"a", "c", "b"}, state));
  CHECK(is_same(Names{}, with({})));
}

TEST_CASE("a checkpoint that does not say has them in their order") {
  const checkpoint::Checkpoint state;
  CHECK(places_of(Names{"c", "x"}, state) == Places{0, 1});
  CHECK(is_same(Names{"c", "x"}, state));
}

TEST_CASE("operators of a plan have names that differ") {
  const Plan twice = plan_of(kRsi + ',' + kRsi);
  REQUIRE(twice.operator_names().size() == 2);
  CHECK(twice.operator_names()[1] == twice.operator_names()[0] + "#2");
  CHECK(plan_of(kRsi).operator_names()[0] == twice.operator_names()[0]);
  CHECK(plan_of(kSma).operator_names()[0] != twice.operator_names()[0]);
}

TEST_CASE("a changed pipeline takes over the state of the steps that it still has") {
  const auto saved = [](const Task& task) {
    checkpoint::Checkpoint made;
    task.save(made, "");
    return made;
  };
  const Task before = Task::create(plan_of(kRsi + ',' + kSma), false).value_or_throw();
  Task swapped = Task::create(plan_of(kSma + ',' + kRsi), false).value_or_throw();
  Task fewer = Task::create(plan_of(kSma), false).value_or_throw();
  const checkpoint::Checkpoint state = saved(before);
  CHECK(state.facts.at("key") == "k");
  CHECK(swapped.load(state, ""));
  CHECK(fewer.load(state, ""));
  CHECK(saved(fewer).sections[0].bytes == state.sections[1].bytes);
}
