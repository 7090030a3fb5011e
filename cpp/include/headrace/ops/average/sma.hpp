// Simple moving average: the mean of the last `timeperiod` values; TA-Lib's SMA.
//
// Numerics: sums of distances in blocks (kernel/block_window.hpp): no running subtraction, no
// drift, a flat price gives exactly that price. Gaps are skipped (kernel/gap.hpp). Warm-up: NaN for
// timeperiod - 1 values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: 4 additions and a multiplication a row, 8 bytes a row of the window a key.
//
//   ops::find_indicator("sma")->make({.schema = s, .inputs = {3}, .params = {20}, .outputs =
//   {"sma"}});
#pragma once

#include <cstddef>
#include <span>

#include <headrace/ops/kernel/block_window.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Sma {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  using State = BlockSum::State;

  explicit Sma(std::span<const double> params)
      : period_(static_cast<std::size_t>(params[0])), inverse_(1.0 / params[0]) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return BlockSum::kSlot * period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    BlockSum::push(s, slots, period_, in[0]);
    out[0] = s.origin + BlockSum::total(s, slots) * inverse_;
  }

 private:
  std::size_t period_;
  double inverse_;
};

[[nodiscard]] IndicatorInfo sma_info();

}  // namespace headrace::ops
