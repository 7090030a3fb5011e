// On-balance volume: volume added when the price rises, taken away when it falls; TA-Lib's OBV.
//
// Starts at the first row's volume, as in TA-Lib. Numerics: a compensated sum
// (kernel/compensated_sum.hpp), exact for whole volumes up to 2^53 and within an ulp beyond. Gaps
// (in either input) are skipped: the price before is that of the last complete row. Warm-up: none.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: about 10 floating-point operations a row, no branch on the price; 32 bytes a key.
//
//   ops::find_indicator("obv")->make({.schema = s, .inputs = {3, 4}, .params = {}, .outputs =
//   {"obv"}});
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <headrace/ops/kernel/compensated_sum.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Obv {
 public:
  static constexpr std::size_t kInputs = 2;
  static constexpr std::size_t kOutputs = 1;
  struct State {
    double before = 0;
    CompensatedSum total;
    std::uint64_t started = 0;
  };

  explicit Obv(std::span<const double>) {}
  [[nodiscard]] int lookback() const noexcept { return 0; }
  [[nodiscard]] std::size_t window() const noexcept { return 0; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.started <= 1; }
  void update(State& s, double*, const double* in, double* out) const noexcept {
    const double price = in[0];
    const double volume = in[1];
    // The sign without a branch: which way a price goes cannot be predicted.
    const double change = price - s.before;
    const double moved = change == 0 ? 0.0 : std::copysign(1.0, change) * volume;
    s.total.add(s.started != 0 ? moved : volume);
    s.before = price;
    s.started = 1;
    out[0] = s.total.value();
  }
};

[[nodiscard]] IndicatorInfo obv_info();

}  // namespace headrace::ops
