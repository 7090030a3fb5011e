// Aroon oscillator: Aroon up minus Aroon down, -100 to 100; TA-Lib's AROONOSC.
//
// Of equal extremes the most recent counts, as in TA-Lib. Numerics: comparisons only
// (kernel/block_extreme.hpp), nothing to drift. Gaps (in either input) are skipped: rows ago counts
// complete rows (kernel/gap.hpp). Warm-up: NaN for timeperiod rows.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: about 15 operations on pairs a row, no branch on the price; 32 bytes a row of the window.
//
//   ops::find_indicator("aroonosc")->make({.schema = s, .inputs = {1, 2}, .params = {25},
//                                          .outputs = {"aroonosc"}});
#pragma once

#include <cstddef>
#include <span>

#include <headrace/ops/kernel/block_extreme.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Aroonosc {
 public:
  static constexpr std::size_t kInputs = 2;
  static constexpr std::size_t kOutputs = 1;
  using State = BlockExtreme::State;

  explicit Aroonosc(std::span<const double> params)
      : rows_(static_cast<std::size_t>(params[0]) + 1), factor_(100.0 / params[0]) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(rows_) - 1; }
  [[nodiscard]] std::size_t window() const noexcept { return BlockExtreme::kSlot * rows_; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.position < rows_; }
  void update(State& s, double* slots, const double* in, double* out) const noexcept {
    const BlockExtreme::Positions at = BlockExtreme::push(s, slots, rows_, in[0], in[1]);
    out[0] = factor_ * (at.high - at.low);
  }

 private:
  std::size_t rows_;
  double factor_;
};

[[nodiscard]] IndicatorInfo aroonosc_info();

}  // namespace headrace::ops
