// Wilder's relative strength index, 0 to 100; TA-Lib's RSI.
//
// Average gain and average loss start from the means of the first `timeperiod` changes and then
// move by 1 / timeperiod of the difference; the index is 100 gain / (gain + loss), and 0 while
// nothing has moved (TA-Lib's choice). Numerics: every step shrinks what went wrong before, so
// nothing accumulates. On a flat price both averages shrink alike and the index stays; once their
// sum would fall below 1e-200 they are held, which keeps the index where exact arithmetic has it
// and stays out of the denormal range (a factor of 20-43 in time). Gaps are skipped
// (kernel/gap.hpp). Warm-up: NaN for timeperiod rows.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: about 10 floating-point operations and a division a row; 32 bytes a key.
//
//   ops::find_indicator("rsi")->make({.schema = s, .inputs = {3}, .params = {14}, .outputs =
//   {"rsi"}});
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <headrace/ops/kernel/exponential.hpp>
#include <headrace/ops/kernel/gap.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Rsi {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 1;
  struct State {
    double before = 0;
    double gain = 0;  // averages; sums during warm-up
    double loss = 0;
    std::uint64_t count = 0;  // rows seen, up to timeperiod + 1
  };

  explicit Rsi(std::span<const double> params)
      : period_(static_cast<std::uint64_t>(params[0])), weight_(1.0 / params[0]) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_); }
  [[nodiscard]] std::size_t window() const noexcept { return 0; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.count <= period_ + 1; }
  void update(State& s, double*, const double* in, double* out) const noexcept {
    const double change = in[0] - s.before;
    const double up = std::max(change, 0.0);
    const double down = std::max(-change, 0.0);
    s.before = in[0];
    if (s.count > period_) [[likely]] {
      const double gain = exponential_step(s.gain, up, weight_);
      const double loss = exponential_step(s.loss, down, weight_);
      if (gain + loss < kHold) [[unlikely]] {
        stay_a_branch();
      } else {
        s.gain = gain;
        s.loss = loss;
      }
      out[0] = index(s);
      return;
    }
    out[0] = warm_up(s, up, down);
  }

 private:
  // Above kSnap by more than any ratio that shows in the index, so that of two averages that shrink
  // together not one is snapped to 0 before both are held.
  static constexpr double kHold = 1e-180;

  [[nodiscard]] static double index(const State& s) noexcept {
    const double moved = s.gain + s.loss;
    return moved > 0 ? 100.0 * (s.gain / moved) : 0.0;
  }
  double warm_up(State& s, double up, double down) const noexcept {
    if (s.count > 0) {
      s.gain += up;
      s.loss += down;
    }
    if (++s.count <= period_) return kNaN;
    s.gain /= static_cast<double>(period_);
    s.loss /= static_cast<double>(period_);
    return index(s);
  }
  std::uint64_t period_;
  double weight_;
};

[[nodiscard]] IndicatorInfo rsi_info();

}  // namespace headrace::ops
