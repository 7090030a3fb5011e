// The two kinds of parameter that indicators have, with TA-Lib's ranges.
//
// Thread contract: pure functions.
//
//   .params = {period_param("timeperiod", 20, 2), deviations_param("nbdevup", 2)}
#pragma once

#include <string>
#include <utility>

#include <headrace/ops/registry.hpp>

namespace headrace::ops {

// TA-Lib's longest period; also the longest pause of a window's block border, about 0.1 ms.
inline constexpr double kLongestPeriod = 100000;
// No band is a million deviations wide; TA-Lib's own limit (3e37) would overflow.
inline constexpr double kMostDeviations = 1e6;

[[nodiscard]] inline ParamInfo period_param(std::string name, int default_value, int minimum) {
  return {.name = std::move(name),
          .default_value = static_cast<double>(default_value),
          .minimum = static_cast<double>(minimum),
          .maximum = kLongestPeriod,
          .integer = true};
}

[[nodiscard]] inline ParamInfo deviations_param(std::string name, double default_value) {
  return {.name = std::move(name),
          .default_value = default_value,
          .minimum = -kMostDeviations,
          .maximum = kMostDeviations,
          .integer = false};
}

}  // namespace headrace::ops
