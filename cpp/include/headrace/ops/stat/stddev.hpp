// `nbdev` standard deviations (of the population) of the last `timeperiod` values; TA-Lib's STDDEV.
//
// Numerics: first and second moments of distances in blocks (kernel/block_window.hpp): no running
// subtraction, no drift, the variance cannot cancel; a flat window gives exactly 0. Gaps are
// skipped (kernel/gap.hpp). Warm-up: NaN for timeperiod - 1 values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: about 15 floating-point operations and a square root a row, 16 bytes a row of the window.
//
//   ops::find_indicator("stddev")->make({.schema = s, .inputs = {3}, .params = {20, 1}, .outputs =
//   {"sd"}});
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <headrace/ops/kernel/block_window.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Stddev {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  using State = BlockMoments::State;

  explicit Stddev(std::span<const double> params)
      : period_(static_cast<std::size_t>(params[0])),
        inverse_(1.0 / params[0]),
        deviations_(params[1]) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return BlockMoments::kSlot * period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    BlockMoments::push(s, slots, period_, in[0]);
    out[0] = deviations_ * std::sqrt(BlockMoments::moments(s, slots, inverse_).variance);
  }

 private:
  std::size_t period_;
  double inverse_;
  double deviations_;
};

[[nodiscard]] IndicatorInfo stddev_info();

}  // namespace headrace::ops
