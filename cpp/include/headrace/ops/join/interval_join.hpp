// Joins each left row with every right row of its key whose event time is near.
//
// A left row of time t matches right rows from t + lower to t + upper, both included. Results come
// in the order of the left side, the matches of a row in the order of the right side. A left row
// waits until event time is past t + upper: at once where upper is not above zero.
//
// Forgotten: right rows further than `lower` behind both the newest event time and the first left
// row that waits, so what is held are the right rows of the span from lower to upper, at most twice
// of them, and the left rows of `upper`.
//
// Thread contract: see merge_operator.hpp.
// Cost: about 80 ns a row of either side with four columns and 1,000 keys, and 20 ns a match.
//
//   auto op = make_interval_join({.left = orders, .right = trades, .by = {"Ticker"},
//                                 .lower_ns = -300'000'000'000, .upper_ns = 0});
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <headrace/ops/join/join_columns.hpp>
#include <headrace/ops/merge_operator.hpp>

namespace headrace::ops {

struct IntervalJoinArgs {
  record::SchemaPtr left;
  record::SchemaPtr right;
  std::vector<std::string> by;
  std::string suffix = "_right";
  std::int64_t lower_ns = 0;
  std::int64_t upper_ns = 0;
  JoinHow how = JoinHow::kInner;
};

// Inputs: kRightInput, kLeftInput. An error as join_columns has it, or where lower is above
// upper.
[[nodiscard]] base::Result<MergeOperatorPtr> make_interval_join(IntervalJoinArgs args);

}  // namespace headrace::ops
