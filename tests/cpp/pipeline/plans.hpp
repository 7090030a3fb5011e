// Plans over the bars of tests/cpp/ops/bars.hpp.
#pragma once

#include <string>

#include <headrace/pipeline/plan.hpp>

namespace headrace::test {

inline std::string plan_text(const std::string& steps) {
  return R"({"version": 1, "format": "json", "schema": {"fields": [
    {"name": "Date", "type": "timestamp"}, {"name": "Ticker", "type": "string"},
    {"name": "High", "type": "float64"}, {"name": "Low", "type": "float64"},
    {"name": "Volume", "type": "int64", "nullable": true}],
    "event_time": "Date", "key": "Ticker"}, "steps": [)" +
         steps + "]}";
}

// One of every kind of step that needs no model, with state in most of them.
inline std::string busy_steps() {
  return R"({"op": "validate", "on_reject": "dead_letter", "rules": [
       {"name": "High >= Low", "expr": {"fn": ">=", "args": [{"col": "High"}, {"col": "Low"}]}}]},
     {"op": "validate", "on_reject": "drop", "rules": [{"name": "known", "expr":
       {"fn": "~", "args": [{"fn": "is_null", "args": [{"col": "Volume"}]}]}}]},
     {"op": "with_columns", "columns": [
       {"kind": "indicator", "indicator": "sma", "inputs": ["High"], "params": {"timeperiod": 3},
        "outputs": ["slow"]},
       {"kind": "expr", "name": "rise", "expr": {"fn": "-", "args": [{"col": "High"},
          {"fn": "shift", "args": [{"col": "High"}, 1]}]}},
       {"kind": "expr", "name": "last", "expr": {"fn": "shift", "args": [{"col": "Ticker"}, 2]}}]},
     {"op": "filter", "expr": {"fn": "!=", "args": [{"col": "High"}, 1.25]}},
     {"op": "select", "columns": ["Ticker", "slow", "rise", "last", "Volume"]})";
}

inline pipeline::Plan plan_of(const std::string& steps) {
  return pipeline::Plan::parse(plan_text(steps)).value_or_throw();
}

}  // namespace headrace::test
