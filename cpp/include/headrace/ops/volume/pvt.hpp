// Price volume trend: the running sum of volume times relative price change,
// pvt += volume (price - before) / before.
//
// 0 at the first row. A change from a price of 0 has no relative size and adds nothing; nor does
// one too large to be a value (kernel/gap.hpp), so that no row can spoil the sum for good.
// Numerics: a compensated sum (kernel/compensated_sum.hpp). Gaps (in either input) are skipped: the
// price before is that of the last complete row. Warm-up: none.
//
// Thread contract: immutable; the State belongs to its task.
// Cost: about 10 floating-point operations and a division a row; 32 bytes a key.
//
//   ops::find_indicator("pvt")->make({.schema = s, .inputs = {3, 4}, .params = {}, .outputs =
//   {"pvt"}});
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <headrace/ops/kernel/compensated_sum.hpp>
#include <headrace/ops/kernel/gap.hpp>
#include <headrace/ops/registry.hpp>

namespace headrace::ops {

class Pvt {
 public:
  static constexpr std::size_t kInputs = 2;
  static constexpr std::size_t kOutputs = 1;
  struct State {
    double before = 0;  // 0 before the first row: adds nothing
    CompensatedSum total;
    std::uint64_t started = 0;
  };

  explicit Pvt(std::span<const double>) {}
  [[nodiscard]] int lookback() const noexcept { return 0; }
  [[nodiscard]] std::size_t window() const noexcept { return 0; }
  [[nodiscard]] bool consistent(const State& s) const noexcept { return s.started <= 1; }
  void update(State& s, double*, const double* in, double* out) const noexcept {
    const double moved = in[1] * (in[0] - s.before) / s.before;
    if (is_value(moved)) [[likely]] {
      s.total.add(moved);
    }
    s.before = in[0];
    s.started = 1;
    out[0] = s.total.value();
  }
};

[[nodiscard]] IndicatorInfo pvt_info();

}  // namespace headrace::ops
