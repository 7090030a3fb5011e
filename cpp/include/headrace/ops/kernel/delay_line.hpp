// The value n values ago: a ring of n doubles that starts as NaN, so that the warm-up needs no
// test.
//
// Thread contract: plain values; the caller owns the slots.
// Cost: a load and a store; 8 bytes a row of the window.
//
//   const double before = DelayLine::push(s, slots, n, x);   // NaN for the first n values
#pragma once

#include <cstddef>
#include <cstdint>

namespace headrace::ops {

struct DelayLine {
  struct State {
    std::uint64_t position = 0;
    std::uint64_t started = 0;  // tells a ring that has come round from a fresh one
  };

  static double push(State& s, double* slots, std::size_t n, double x) noexcept {
    s.started = 1;
    const double before = slots[s.position];
    slots[s.position] = x;
    if (++s.position == n) s.position = 0;
    return before;
  }
};

}  // namespace headrace::ops
