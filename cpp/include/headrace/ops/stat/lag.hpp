// The value `timeperiod` values ago, as float64; pandas' shift for a positive number of rows.
//
// Gaps are skipped: "ago" counts values, not rows, and a gap row itself gives NaN (kernel/gap.hpp).
// Numerics: none. Warm-up: NaN for timeperiod values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: a load and a store a row; 8 bytes a row of the window a key.
//
//   ops::find_indicator("lag")->make({.schema = s, .inputs = {3}, .params = {1}, .outputs =
//   {"before"}});
#pragma once

#include <cstddef>
#include <span>

#include <headrace/ops/kernel/delay_line.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Lag {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  using State = DelayLine::State;

  explicit Lag(std::span<const double> params) : period_(static_cast<std::size_t>(params[0])) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_); }
  [[nodiscard]] std::size_t window() const noexcept { return period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    out[0] = DelayLine::push(s, slots, period_, in[0]);
  }

 private:
  std::size_t period_;
};

[[nodiscard]] IndicatorInfo lag_info();

}  // namespace headrace::ops
