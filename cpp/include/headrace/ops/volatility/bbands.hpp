// Bollinger Bands: moving average plus and minus standard deviations of the population; TA-Lib's
// BBANDS with matype 0.
//
// Numerics: first and second moments of distances in blocks (kernel/block_window.hpp): no running
// subtraction, no drift, the variance cannot cancel; a flat window has bands of width exactly 0.
// Gaps are skipped (kernel/gap.hpp). Warm-up: NaN for timeperiod - 1 values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: about 20 floating-point operations and one square root a row, 16 bytes a row of the window.
//
//   ops::find_indicator("bbands")->make({.schema = s, .inputs = {3}, .params = {20, 2, 2},
//                                       .outputs = {"upper", "middle", "lower"}});
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <headrace/ops/kernel/block_window.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Bbands {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 3;
  using State = BlockMoments::State;

  explicit Bbands(std::span<const double> params)
      : period_(static_cast<std::size_t>(params[0])),
        inverse_(1.0 / params[0]),
        up_(params[1]),
        down_(params[2]) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return BlockMoments::kSlot * period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    BlockMoments::push(s, slots, period_, in[0]);
    const BlockMoments::Moments m = BlockMoments::moments(s, slots, inverse_);
    const double middle = s.origin + m.mean_distance;
    const double deviation = std::sqrt(m.variance);
    out[0] = middle + up_ * deviation;
    out[1] = middle;
    out[2] = middle - down_ * deviation;
  }

 private:
  std::size_t period_;
  double inverse_;
  double up_;
  double down_;
};

[[nodiscard]] IndicatorInfo bbands_info();

}  // namespace headrace::ops
