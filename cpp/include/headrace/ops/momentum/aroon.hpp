// Aroon: how long ago the lowest low and the highest high of the last timeperiod + 1 rows were, as
// 100 (timeperiod - rows ago) / timeperiod; TA-Lib's AROON.
//
// Of equal extremes the most recent counts, as in TA-Lib. Numerics: comparisons only
// (kernel/block_extreme.hpp), nothing to drift. Gaps (in either input) are skipped: rows ago counts
// complete rows (kernel/gap.hpp). Warm-up: NaN for timeperiod rows.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: about 15 operations on pairs a row, no branch on the price; 32 bytes a row of the window.
//
//   ops::find_indicator("aroon")->make({.schema = s, .inputs = {1, 2}, .params = {25},
//                                       .outputs = {"aroon_down", "aroon_up"}});
#pragma once

#include <cstddef>
#include <span>

#include <headrace/ops/kernel/block_extreme.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Aroon {
 public:
  static constexpr std::size_t kInputs = 2;
  static constexpr std::size_t kOutputs = 2;
  using State = BlockExtreme::State;

  explicit Aroon(std::span<const double> params)
      : rows_(static_cast<std::size_t>(params[0]) + 1),
        period_(params[0]),
        factor_(100.0 / params[0]) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(rows_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return BlockExtreme::kSlot * rows_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < rows_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    const BlockExtreme::Positions at = BlockExtreme::push(s, slots, rows_, in[0], in[1]);
    out[0] = factor_ * (period_ - (at.newest - at.low));
    out[1] = factor_ * (period_ - (at.newest - at.high));
  }

 private:
  std::size_t rows_;
  double period_;
  double factor_;
};

[[nodiscard]] IndicatorInfo aroon_info();

}  // namespace headrace::ops
