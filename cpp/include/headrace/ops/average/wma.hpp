// Linearly weighted moving average: weights 1 (oldest) to timeperiod (newest); TA-Lib's WMA.
//
// Numerics: weighted sums of distances in blocks (kernel/block_window.hpp): no running subtraction,
// no drift, a flat price gives exactly that price. Gaps are skipped (kernel/gap.hpp).
// Warm-up: NaN for timeperiod - 1 values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: 6 additions and 4 multiplications a row, 8 bytes a row of the window a key.
//
//   ops::find_indicator("wma")->make({.schema = s, .inputs = {3}, .params = {20}, .outputs =
//   {"wma"}});
#pragma once

#include <cstddef>
#include <span>

#include <headrace/ops/kernel/block_window.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Wma {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  using State = BlockWeighted::State;

  explicit Wma(std::span<const double> params)
      : period_(static_cast<std::size_t>(params[0])),
        inverse_(2.0 / (params[0] * (params[0] + 1.0))) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return BlockWeighted::kSlot * period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    BlockWeighted::push(s, slots, period_, in[0]);
    out[0] = s.origin + BlockWeighted::total(s, slots, period_) * inverse_;
  }

 private:
  std::size_t period_;
  double inverse_;  // 1 / (1 + 2 + ... + timeperiod)
};

[[nodiscard]] IndicatorInfo wma_info();

}  // namespace headrace::ops
