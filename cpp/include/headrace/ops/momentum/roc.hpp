// Rate of change in percent: 100 (x / x timeperiod values ago - 1); TA-Lib's ROC.
//
// 0 where the older value is 0, as in TA-Lib. Numerics: no state but the values themselves. Gaps
// are skipped: "ago" counts values, not rows (kernel/gap.hpp). Warm-up: NaN for timeperiod values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: a division a row; 8 bytes a row of the window a key.
//
//   ops::find_indicator("roc")->make({.schema = s, .inputs = {3}, .params = {10}, .outputs =
//   {"roc"}});
#pragma once

#include <cstddef>
#include <span>

#include <headrace/ops/kernel/delay_line.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Roc {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  using State = DelayLine::State;

  explicit Roc(std::span<const double> params) : period_(static_cast<std::size_t>(params[0])) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_); }
  [[nodiscard]] std::size_t window() const noexcept { return period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    const double before = DelayLine::push(s, slots, period_, in[0]);
    out[0] = before == 0 ? 0.0 : (in[0] / before - 1.0) * 100.0;
  }

 private:
  std::size_t period_;
};

[[nodiscard]] IndicatorInfo roc_info();

}  // namespace headrace::ops
