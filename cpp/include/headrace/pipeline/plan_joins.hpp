// The joins of a plan, read from JSON: what merges two inputs.
//
//   {"op": "join_asof", "by": ["Ticker"], "suffix": "_right", "strategy": "backward",
//    "tolerance_ns": null, "allow_exact_matches": true}
//   {"op": "join_interval", "by": ["Ticker"], "suffix": "_right", "lower_ns": -300000000000,
//    "upper_ns": 0, "how": "inner"}
//   {"op": "join_table", "on": ["Ticker"], "suffix": "_right", "how": "left"}
//
// The first input is the right side or the table, the second the left side (join_columns.hpp says
// why). strategy: backward forward nearest. how: inner left.
//
// Thread contract: immutable values, pure functions.
// Cost: per stream and run, not per record.
//
//   MergeMaker make = parse_asof_join(json);
#pragma once

#include <headrace/ops/join/join_columns.hpp>
#include <headrace/pipeline/plan_json.hpp>
#include <headrace/pipeline/plan_merge.hpp>

namespace headrace::pipeline {

// Throw base::Exception with what was received and what is known.
[[nodiscard]] MergeMaker parse_asof_join(const JsonObject::Element& json);
[[nodiscard]] MergeMaker parse_interval_join(const JsonObject::Element& json);
[[nodiscard]] MergeMaker parse_table_join(const JsonObject::Element& json);
[[nodiscard]] ops::JoinHow parse_how(const JsonObject& object);

}  // namespace headrace::pipeline
