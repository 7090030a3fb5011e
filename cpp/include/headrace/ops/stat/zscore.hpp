// How many standard deviations (of the population) the value lies above the mean of the last
// `timeperiod` values: (x - mean) / deviation.
//
// NaN where the window is flat: 0 / 0 has no value. Numerics: moments and the distance to the mean
// from one origin, in blocks (kernel/block_window.hpp): no running subtraction, no drift. Gaps are
// skipped (kernel/gap.hpp). Warm-up: NaN for timeperiod - 1 values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: about 15 floating-point operations, a square root and a division a row, 16 bytes a row of
// the window a key.
//
//   ops::find_indicator("zscore")->make({.schema = s, .inputs = {3}, .params = {20}, .outputs =
//   {"z"}});
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <headrace/ops/kernel/block_window.hpp>
#include <headrace/ops/kernel/gap.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Zscore {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  using State = BlockMoments::State;

  explicit Zscore(std::span<const double> params)
      : period_(static_cast<std::size_t>(params[0])), inverse_(1.0 / params[0]) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return BlockMoments::kSlot * period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    BlockMoments::push(s, slots, period_, in[0]);
    const BlockMoments::Moments m = BlockMoments::moments(s, slots, inverse_);
    const double above = (in[0] - s.origin) - m.mean_distance;
    out[0] = canonical(above / std::sqrt(m.variance));
  }

 private:
  std::size_t period_;
  double inverse_;
};

[[nodiscard]] IndicatorInfo zscore_info();

}  // namespace headrace::ops
