// Relative change to the value `timeperiod` values ago: x / before - 1; pandas' pct_change.
//
// A change from 0 is infinite, from 0 to 0 NaN, as in pandas. Gaps are skipped: "ago" counts
// values, not rows (kernel/gap.hpp). Numerics: no state but the values themselves. Warm-up: NaN for
// timeperiod values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: a division a row; 8 bytes a row of the window a key.
//
//   ops::find_indicator("pct_change")->make({.schema = s, .inputs = {3}, .params = {1}, .outputs =
//   {"r"}});
#pragma once

#include <cstddef>
#include <span>

#include <headrace/ops/kernel/delay_line.hpp>
#include <headrace/ops/kernel/gap.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class PctChange {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  using State = DelayLine::State;

  explicit PctChange(std::span<const double> params)
      : period_(static_cast<std::size_t>(params[0])) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_); }
  [[nodiscard]] std::size_t window() const noexcept { return period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    out[0] = canonical(in[0] / DelayLine::push(s, slots, period_, in[0]) - 1.0);
  }

 private:
  std::size_t period_;
};

[[nodiscard]] IndicatorInfo pct_change_info();

}  // namespace headrace::ops
