// Sum of the last `timeperiod` values; TA-Lib's SUM.
//
// Numerics: timeperiod * origin plus the sum of the distances from it, in blocks
// (kernel/block_window.hpp): no running subtraction, no drift, exact for whole numbers up to 2^53.
// Gaps are skipped (kernel/gap.hpp). Warm-up: NaN for timeperiod - 1 values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: 4 additions and a multiplication a row, 8 bytes a row of the window a key.
//
//   ops::find_indicator("sum")->make({.schema = s, .inputs = {3}, .params = {20}, .outputs =
//   {"sum"}});
#pragma once

#include <cstddef>
#include <span>

#include <headrace/ops/kernel/block_window.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Sum {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  using State = BlockSum::State;

  explicit Sum(std::span<const double> params)
      : period_(static_cast<std::size_t>(params[0])), rows_(params[0]) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return BlockSum::kSlot * period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    BlockSum::push(s, slots, period_, in[0]);
    out[0] = rows_ * s.origin + BlockSum::total(s, slots);
  }

 private:
  std::size_t period_;
  double rows_;
};

[[nodiscard]] IndicatorInfo sum_info();

}  // namespace headrace::ops
