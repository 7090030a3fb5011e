// Name -> indicator: its inputs, parameters, outputs and factory, so that the plan compiler,
// Python's hr.ta, the conformance suite and the agreement tests all discover the same list.
//
// Thread contract: the table is built once at first use (thread-safe) and immutable afterwards.
//
//   const IndicatorInfo* info = find_indicator("bbands");
//   auto op = info->make({.schema = in, .inputs = {3}, .params = {20, 2, 2}, .outputs = names});
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/ops/operator.hpp>

namespace headrace::ops {

struct ParamInfo {
  std::string name;  // TA-Lib's, lower case: "timeperiod"
  double default_value = 0;
  double minimum = 0;
  double maximum = 0;
  bool integer = false;
};

// What a factory needs: the schema before the step, the input columns (int64, float64 or bool; a
// null is NaN to the indicator), parameters in the order of IndicatorInfo::params, output names.
struct IndicatorArgs {
  record::SchemaPtr schema;
  std::vector<int> inputs;
  std::vector<double> params;
  std::vector<std::string> outputs;
};

struct IndicatorInfo {
  std::string name;                 // "bbands"
  std::vector<std::string> inputs;  // roles: {"close"} or {"high", "low"}
  std::vector<ParamInfo> params;
  std::vector<std::string>
      outputs;        // suffixes: {"upper", "middle", "lower"}; {""} for a single one
  std::string panel;  // "price" or an own panel's name: "aroon", "rsi", "volume"
  // Rows before the first value for these params (TA-Lib's lookback).
  std::function<int(std::span<const double>)> lookback;
  // Keyed operator that appends the output columns (float64, NaN during warm-up, never null).
  std::function<base::Result<OperatorPtr>(IndicatorArgs)> make;
};

[[nodiscard]] const std::vector<IndicatorInfo>& indicators();
[[nodiscard]] const IndicatorInfo* find_indicator(std::string_view name) noexcept;  // static life

}  // namespace headrace::ops
