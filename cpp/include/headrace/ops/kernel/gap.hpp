// What counts as a value: the one rule for NaN, nulls and absurd numbers, for every indicator.
//
// A row is a gap for an indicator when one of its inputs is null, NaN, infinite or of magnitude
// 1e100 and beyond. A gap gives NaN in every output and leaves the state as it was: the indicator
// goes on with the next row as if the gap had not been there. So no record can poison a state: sums
// of squares of what is let in stay below 1e300. A lower limit would cut real numbers (token
// supplies reach 1e30); a higher one would let one absurd record turn an average into infinity for
// good.
//
// Thread contract: pure functions.
// Cost: one comparison.
//
//   if (!is_value(x)) return kNaN;
#pragma once

#include <cmath>
#include <limits>

namespace headrace::ops {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kGapMagnitude = 1e100;

[[nodiscard]] inline bool is_value(double x) noexcept { return std::abs(x) < kGapMagnitude; }

// x, or the one NaN of all outputs: 0/0 gives a NaN with its sign set on x86, and outputs are
// compared by their bits.
[[nodiscard]] inline double canonical(double x) noexcept { return x == x ? x : kNaN; }

}  // namespace headrace::ops
