// How far long runs around 1e12 stray from exact arithmetic, for the ordinary test and the soak.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace headrace::test {

// Worst error of each indicator over `rows` rows of a price around 1e12 that moves by a few units:
// relative for sma, sum and the bands (2^-53 is half a last place), relative to the true deviation
// for stddev, absolute in units of the price for wma, ema and atr, in points for rsi.
[[nodiscard]] std::map<std::string, double> drift_over(std::int64_t rows);

// Checks every figure against limits that do not depend on the number of rows.
void check_drift(const std::map<std::string, double>& worst);

}  // namespace headrace::test
