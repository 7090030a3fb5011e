// Sliding windows that never take a value away: sums, moments, weighted sums and extrema.
//
// Rows are cut into blocks of n. While a block fills, two things are kept: the prefix (what the
// rows of this block so far add up to) and, from the block before, the suffix for every position
// (what its rows from there to its end add up to). The window of the last n rows is always one
// suffix plus the prefix. When the block is full one backward pass turns its values into suffixes,
// in place. (van Herk 1992 and Gil and Werman 1993 for extrema; sums work alike.)
//
// Numerics. Nothing is ever subtracted from an accumulator, so errors do not add up: what row k did
// to a sum is gone with row k + n, for 10^9 rows as for 10. Sums run over distances from an origin,
// the last value of the block before. The origin lies inside the window, so no distance exceeds the
// window's range, a flat window gives exact results, and a large offset costs nothing. For the
// variance (S2 - S1*S1/n)/n follows: one distance is 0, so by Cauchy-Schwarz the difference is at
// least S2/n, and its relative error is at most about n^2 * 2^-53 (n = 20: 5e-14), usually far
// less.
//
// Snapshots. Where a block starts depends on the count of values alone, never on batches.
// Warm-up is NaN without a test: the slots start as NaN and the first block's suffixes are NaN.
//
// Thread contract: plain values; the caller owns the slots.
// Cost: O(1) amortised (one update in n costs n additions), 8 or 16 bytes a row of the window.
//
//   BlockSum::State s{};  push(x): BlockSum::push(s, slots, n, x);  BlockSum::total(s, slots);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <headrace/ops/kernel/gap.hpp>

namespace headrace::ops {

// Σ (x - origin) over the last n values. One slot a row.
struct BlockSum {
  static constexpr std::size_t kSlot = 1;
  struct State {
    double origin = 0;
    double prefix = 0;
    std::uint64_t position = 0;  // rows in the current block, below n
    std::uint64_t started = 0;   // 1 once the origin is set
  };

  static void push(State& s, double* slots, std::size_t n, double x) noexcept {
    if (s.started == 0) [[unlikely]] {
      s.started = 1;
      s.origin = x;
    }
    slots[s.position] = x;
    s.prefix += x - s.origin;
    if (++s.position == n) [[unlikely]] {
      s = closed(slots, n, x);
    }
  }
  // NaN until n values have come.
  [[nodiscard]] static double total(const State& s, const double* slots) noexcept {
    return slots[s.position] + s.prefix;
  }

 private:
  static State closed(double* slots, std::size_t n, double x) noexcept {
    double sum = 0;
    for (std::size_t i = n; i-- > 0;) {
      sum += slots[i] - x;
      slots[i] = sum;
    }
    return {.origin = x, .prefix = 0, .position = 0, .started = 1};
  }
};

// Σ (x - origin) and Σ (x - origin)² over the last n values. Two slots a row.
struct BlockMoments {
  static constexpr std::size_t kSlot = 2;
  struct State {
    double origin = 0;
    double prefix = 0;
    double prefix_squares = 0;
    std::uint64_t position = 0;
    std::uint64_t started = 0;
  };
  struct Moments {
    double mean_distance;  // mean - origin
    double variance;       // of the population
  };

  static void push(State& s, double* slots, std::size_t n, double x) noexcept {
    if (s.started == 0) [[unlikely]] {
      s.started = 1;
      s.origin = x;
    }
    slots[2 * s.position] = x;
    const double distance = x - s.origin;
    s.prefix += distance;
    s.prefix_squares += distance * distance;
    if (++s.position == n) [[unlikely]] {
      s = closed(slots, n, x);
    }
  }
  [[nodiscard]] static Moments moments(const State& s, const double* slots,
                                       double inverse_n) noexcept {
    const double s1 = slots[2 * s.position] + s.prefix;
    const double s2 = slots[2 * s.position + 1] + s.prefix_squares;
    const double variance = (s2 - s1 * s1 * inverse_n) * inverse_n;
    // Only squares that underflow can make this negative. NaN stays NaN.
    return {s1 * inverse_n, variance < 0 ? 0 : variance};
  }

 private:
  static State closed(double* slots, std::size_t n, double x) noexcept {
    double sum = 0;
    double squares = 0;
    for (std::size_t i = n; i-- > 0;) {
      const double distance = slots[2 * i] - x;
      sum += distance;
      squares += distance * distance;
      slots[2 * i] = sum;
      slots[2 * i + 1] = squares;
    }
    return {.origin = x, .prefix = 0, .prefix_squares = 0, .position = 0, .started = 1};
  }
};

// Σ w (x - origin) with w = 1 for the oldest to n for the newest of the last n values. One slot.
//
// With i rows in the current block, row p of the block before has weight p - i + 1: the suffix sum
// of the suffix sums. Row p of the current block has n - i + 1 + p = (n - i) + (p + 1): the prefix
// times n - i plus a prefix of its own. All coefficients are positive.
struct BlockWeighted {
  static constexpr std::size_t kSlot = 1;
  struct State {
    double origin = 0;
    double prefix = 0;
    double ramp = 0;  // Σ (p + 1)(x - origin) over the current block
    std::uint64_t position = 0;
    std::uint64_t started = 0;
  };

  static void push(State& s, double* slots, std::size_t n, double x) noexcept {
    if (s.started == 0) [[unlikely]] {
      s.started = 1;
      s.origin = x;
    }
    slots[s.position] = x;
    ++s.position;
    const double distance = x - s.origin;
    s.prefix += distance;
    s.ramp += static_cast<double>(s.position) * distance;
    if (s.position == n) [[unlikely]] {
      s = closed(slots, n, x);
    }
  }
  [[nodiscard]] static double total(const State& s, const double* slots, std::size_t n) noexcept {
    return slots[s.position] + (static_cast<double>(n - s.position) * s.prefix + s.ramp);
  }

 private:
  static State closed(double* slots, std::size_t n, double x) noexcept {
    double sum = 0;
    double weighted = 0;
    for (std::size_t i = n; i-- > 0;) {
      sum += slots[i] - x;
      weighted += sum;
      slots[i] = weighted;
    }
    return {.origin = x, .prefix = 0, .ramp = 0, .position = 0, .started = 1};
  }
};

// The largest of the last n values; the smallest is minus the largest of minus the values. One
// slot.
struct BlockMax {
  static constexpr std::size_t kSlot = 1;
  struct State {
    double prefix = -std::numeric_limits<double>::infinity();  // of the current block
    std::uint64_t position = 0;
    std::uint64_t started = 0;  // tells the start of a block from a fresh state
  };

  // The window's largest value, NaN until n values have come.
  static double push(State& s, double* slots, std::size_t n, double x) noexcept {
    s.started = 1;
    slots[s.position] = x;
    s.prefix = x > s.prefix ? x : s.prefix;
    if (++s.position == n) [[unlikely]] {
      close(slots, n);
      s = {.started = 1};
      return slots[0];
    }
    const double suffix = slots[s.position];
    return s.prefix > suffix ? s.prefix : suffix;  // the suffix where it is NaN
  }

 private:
  static void close(double* slots, std::size_t n) noexcept {
    for (std::size_t i = n - 1; i-- > 0;) slots[i] = std::max(slots[i], slots[i + 1]);
  }
};

}  // namespace headrace::ops
