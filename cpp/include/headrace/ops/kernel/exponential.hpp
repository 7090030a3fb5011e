// Keeps decaying averages out of the denormal range.
//
// On a flat price what an exponential average remembers of older moves shrinks by a constant factor
// a row; once below 2.2e-308 every operation on it costs 20-43 times as much (measured, in TA-Lib
// too). What is below 1e-200 becomes 0: smaller than any price by far, and far above the denormals.
//
// Thread contract: pure function.
// Cost: one comparison, predicted.
//
//   average = snap_to_zero((x - average) * weight + average);
#pragma once

#include <cmath>

namespace headrace::ops {

inline constexpr double kSnap = 1e-200;

// In a rare branch: keeps the compiler from making it a select. A branch is predicted and costs
// nothing; a select waits for its condition, row after row (half as much again, measured on macd).
inline void stay_a_branch() noexcept { __asm__ volatile(""); }

[[nodiscard]] inline double snap_to_zero(double x) noexcept {
  if (std::abs(x) < kSnap) [[unlikely]] {
    stay_a_branch();
    x = 0.0;
  }
  return x;
}

// One step of an exponential average with the given weight of the new value. In this form (and not
// x * w + average * (1 - w)) a constant input keeps the average at it exactly.
[[nodiscard]] inline double exponential_step(double average, double x, double weight) noexcept {
  return snap_to_zero((x - average) * weight + average);
}

}  // namespace headrace::ops
