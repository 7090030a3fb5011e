// A running total that does not lose small terms: Neumaier's compensated sum.
//
// The rounding error of every addition is computed exactly (Knuth, TAOCP 2, 4.2.2, theorem B:
// TwoSum) and kept in a second number, so that the error of the total stays at one unit in the last
// place plus n * 2^-106 of the terms' magnitudes, instead of growing with n. For totals without a
// window (OBV, PVT) there is nothing to take away, so nothing to drift.
//
// Thread contract: plain value.
// Cost: 7 additions, one of them on the critical path; 16 bytes.
//
//   CompensatedSum total;  total.add(x);  total.value();
#pragma once

#include <cmath>

namespace headrace::ops {

struct CompensatedSum {
  double sum = 0;
  double carry = 0;

  void add(double x) noexcept {
    const double t = sum + x;
    const double shadow = t - sum;
    carry += (sum - (t - shadow)) + (x - shadow);
    sum = t;
  }
  // As if the terms of the other one came after ours.
  void add(const CompensatedSum& other) noexcept {
    add(other.sum);
    carry += other.carry;
  }
  // An infinite sum is what it is: its carry is no number.
  [[nodiscard]] double value() const noexcept { return std::isfinite(sum) ? sum + carry : sum; }
};

}  // namespace headrace::ops
