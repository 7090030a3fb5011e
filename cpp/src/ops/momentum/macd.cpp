#include <headrace/ops/momentum/macd.hpp>

#include <headrace/ops/keyed_indicator.hpp>
#include <headrace/ops/parameter.hpp>

namespace headrace::ops {

Macd::State Macd::warm_up(State s, double x, double* out) const noexcept {
  const std::uint64_t row = s.count++;
  out[0] = out[1] = out[2] = kNaN;
  if (row < slow_) {
    s.slow += x;
    if (row >= slow_ - fast_) s.fast += x;
    if (row < slow_ - 1) return s;
    s.slow /= static_cast<double>(slow_);
    s.fast /= static_cast<double>(fast_);
  } else {
    s.fast = exponential_step(s.fast, x, fast_weight_);
    s.slow = exponential_step(s.slow, x, slow_weight_);
  }
  const double line = s.fast - s.slow;
  s.signal += line;
  if (s.count < warm()) return s;
  s.signal /= static_cast<double>(signal_);
  put(line, s.signal, out);
  return s;
}

IndicatorInfo macd_info() {
  return describe<Macd>(
      {.name = "macd",
       .inputs = {"real"},
       .params = {period_param("fastperiod", 12, 2), period_param("slowperiod", 26, 2),
                  period_param("signalperiod", 9, 1)},
       .outputs = {"", "signal", "hist"},
       .panel = "macd"});
}

}  // namespace headrace::ops
