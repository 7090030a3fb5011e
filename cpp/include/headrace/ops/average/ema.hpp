// Exponential moving average with weight 2 / (timeperiod + 1); TA-Lib's EMA.
//
// Starts from the mean of the first `timeperiod` values, as in TA-Lib. Numerics: every step shrinks
// what went wrong before, so nothing accumulates; a constant input is kept exactly; values below
// 1e-200 become 0 (kernel/exponential.hpp). Gaps are skipped (kernel/gap.hpp). Warm-up: NaN for
// timeperiod - 1 values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: 2 additions and a multiplication a row, one after the other; 16 bytes a key.
//
//   ops::find_indicator("ema")->make({.schema = s, .inputs = {3}, .params = {20}, .outputs =
//   {"ema"}});
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <headrace/ops/kernel/exponential.hpp>
#include <headrace/ops/kernel/gap.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Ema {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  struct State {
    double average = 0;  // the sum of the values so far during warm-up
    std::uint64_t count = 0;
  };

  explicit Ema(std::span<const double> params)
      : period_(static_cast<std::uint64_t>(params[0])), weight_(2.0 / (params[0] + 1.0)) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return 0; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.count <= period_; }
  void update(State& s, double*, const double* in, double* out) const noexcept {
    if (s.count == period_) [[likely]] {
      s.average = exponential_step(s.average, in[0], weight_);
      out[0] = s.average;
      return;
    }
    s.average += in[0];
    const bool seeded = ++s.count == period_;
    if (seeded) s.average /= static_cast<double>(period_);
    out[0] = seeded ? s.average : kNaN;
  }

 private:
  std::uint64_t period_;
  double weight_;
};

[[nodiscard]] IndicatorInfo ema_info();

}  // namespace headrace::ops
