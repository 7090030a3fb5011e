// Moving average convergence/divergence: fast EMA minus slow EMA, its signal EMA, and their
// difference; TA-Lib's MACD.
//
// The seeds are aligned as in TA-Lib: both averages start at row slowperiod - 1, the fast one from
// the mean of the last fastperiod values there; the signal starts from the mean of the first
// signalperiod lines. Where fastperiod exceeds slowperiod they change places. Numerics: as ema.
// Gaps are skipped (kernel/gap.hpp). Warm-up: NaN in all three for slowperiod + signalperiod - 2
// rows.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: 3 averages a row, two of them side by side; 32 bytes a key.
//
//   ops::find_indicator("macd")->make({.schema = s, .inputs = {3}, .params = {12, 26, 9},
//                                     .outputs = {"macd", "macd_signal", "macd_hist"}});
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <headrace/ops/kernel/exponential.hpp>
#include <headrace/ops/kernel/gap.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Macd {
 public:
  static constexpr std::size_t kInputs = 1;
  static constexpr std::size_t kOutputs = 3;
  struct State {
    double fast = 0;  // averages; sums until each is seeded
    double slow = 0;
    double signal = 0;
    std::uint64_t count = 0;  // rows seen, up to the first with an output
  };

  explicit Macd(std::span<const double> params)
      : fast_(static_cast<std::uint64_t>(std::min(params[0], params[1]))),
        slow_(static_cast<std::uint64_t>(std::max(params[0], params[1]))),
        signal_(static_cast<std::uint64_t>(params[2])) {}
  [[nodiscard]] int lookback() const noexcept { return static_cast<int>(slow_ + signal_) - 2; }
  [[nodiscard]] std::size_t window() const noexcept { return 0; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.count <= warm(); }
  void update(State& s, double*, const double* in, double* out) const noexcept {
    if (s.count == warm()) [[likely]] {
      s.fast = exponential_step(s.fast, in[0], fast_weight_);
      s.slow = exponential_step(s.slow, in[0], slow_weight_);
      const double line = s.fast - s.slow;
      s.signal = exponential_step(s.signal, line, signal_weight_);
      put(line, s.signal, out);
    } else {
      s = warm_up(s, in[0], out);
    }
  }

 private:
  [[nodiscard]] std::uint64_t warm() const noexcept { return slow_ + signal_ - 1; }
  [[nodiscard]] static double weight(std::uint64_t period) noexcept {
    return 2.0 / (static_cast<double>(period) + 1.0);
  }
  static void put(double line, double signal, double* out) noexcept {
    out[0] = line;
    out[1] = signal;
    out[2] = line - signal;
  }
  // By value: the states of the hot loop stay in registers.
  [[nodiscard]] State warm_up(State s, double x, double* out) const noexcept;

  std::uint64_t fast_;
  std::uint64_t slow_;
  std::uint64_t signal_;
  double fast_weight_ = weight(fast_);
  double slow_weight_ = weight(slow_);
  double signal_weight_ = weight(signal_);
};

[[nodiscard]] IndicatorInfo macd_info();

}  // namespace headrace::ops
