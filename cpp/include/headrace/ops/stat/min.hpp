// The smallest of the last `timeperiod` values; TA-Lib's MIN.
//
// Numerics: comparisons only (kernel/block_window.hpp), nothing to drift. Gaps are skipped
// (kernel/gap.hpp). Warm-up: NaN for timeperiod - 1 values.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: 3 comparisons a row whatever the price does, 8 bytes a row of the window a key.
//
//   ops::find_indicator("min")->make({.schema = s, .inputs = {3}, .params = {20}, .outputs =
//   {"min"}});
#pragma once

#include <cstddef>
#include <span>

#include <headrace/ops/kernel/block_window.hpp>
#include <headrace/ops/kernel/gap.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Min {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  using State = BlockMax::State;

  explicit Min(std::span<const double> params) : period_(static_cast<std::size_t>(params[0])) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return BlockMax::kSlot * period_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < period_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    out[0] = canonical(-BlockMax::push(s, slots, period_, -in[0]));
  }

 private:
  std::size_t period_;
};

[[nodiscard]] IndicatorInfo min_info();

}  // namespace headrace::ops
