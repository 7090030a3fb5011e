// Values of records, read once more by themselves: what a dead letter held, as columns. The steps
// of the plan are run, so that a time that is made of other columns is there.
//
// Thread contract: a pure function of its arguments.
// Cost: that of decoding and of the steps, which are made anew.
//
//   DecodedValues read = decoded_values(plan, {R"({"x": 1})", "oops"});   // row 0 of two
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <headrace/pipeline/frame_store.hpp>
#include <headrace/pipeline/plan.hpp>

namespace headrace::pipeline {

struct DecodedValues {
  Frame frame;                    // of the plan's output schema
  std::vector<std::size_t> rows;  // places of its rows among the values; the others do not fit
};

[[nodiscard]] DecodedValues decoded_values(const Plan& plan,
                                           const std::vector<std::string_view>& values);

}  // namespace headrace::pipeline
