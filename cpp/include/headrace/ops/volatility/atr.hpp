// Wilder's average true range; TA-Lib's ATR.
//
// The true range is the largest of high - low and the distances of high and low from the close
// before. The average starts from the mean of the first `timeperiod` true ranges and then moves by
// 1 / timeperiod of the difference, as in TA-Lib. Numerics: as ema. Gaps (in any input) are
// skipped, the close before is that of the last complete row. Warm-up: NaN for timeperiod rows.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: about 10 floating-point operations a row; 24 bytes a key.
//
//   ops::find_indicator("atr")->make({.schema = s, .inputs = {1, 2, 3}, .params = {14}, .outputs =
//   {"atr"}});
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <headrace/ops/kernel/exponential.hpp>
#include <headrace/ops/kernel/gap.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Atr {
 public:
  static constexpr std::size_t kInputs = 3;
  static constexpr std::size_t kOutputs = 1;
  struct State {
    double close = 0;
    double average = 0;       // the sum of the true ranges so far during warm-up
    std::uint64_t count = 0;  // rows seen, up to timeperiod + 1
  };

  explicit Atr(std::span<const double> params)
      : period_(static_cast<std::uint64_t>(params[0])), weight_(1.0 / params[0]) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(period_); }
  [[nodiscard]] std::size_t window() const noexcept { return 0; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.count <= period_ + 1; }
  void update(State& s, double*, const double* in, double* out) const noexcept {
    const double range = true_range(in[0], in[1], s.close);
    s.close = in[2];
    if (s.count > period_) [[likely]] {
      s.average = exponential_step(s.average, range, weight_);
      out[0] = s.average;
      return;
    }
    if (s.count > 0) s.average += range;
    const bool seeded = ++s.count > period_;
    if (seeded) s.average /= static_cast<double>(period_);
    out[0] = seeded ? s.average : kNaN;
  }

 private:
  static double true_range(double high, double low, double before) noexcept {
    return std::max(high - low, std::max(std::abs(high - before), std::abs(low - before)));
  }
  std::uint64_t period_;
  double weight_;
};

[[nodiscard]] IndicatorInfo atr_info();

}  // namespace headrace::ops
