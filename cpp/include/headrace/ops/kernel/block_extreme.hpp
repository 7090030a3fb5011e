// Where the highest high and the lowest low of the last n rows are, in O(1) amortised a row.
//
// The block scheme of block_window.hpp with positions beside the values: the suffix at p knows the
// extreme of the rows from p to the end of its block and where it is. Of equal extremes the most
// recent counts, as in TA-Lib. Unlike a rescan when the extreme leaves (TA-Lib) a falling price
// costs no more than a rising one; unlike a deque there is no loop whose end nobody can predict.
//
// High and -low go side by side in a pair, so both are a search for the largest, and every choice
// is a select: a branch would go wrong at each new extreme (14 ns a row; this way a third of it).
//
// Positions count from the start of the current block: those of the block before are negative. They
// are doubles, because NaN in the fresh slots makes the warm-up come out as NaN without a test.
//
// Thread contract: plain values; the caller owns the slots.
// Cost: two comparisons of pairs and four selects a row; 32 bytes a row of the window.
//
//   auto at = BlockExtreme::push(s, slots, n, high, low);   // at.high, at.low: rows ago, or NaN
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

namespace headrace::ops {

struct BlockExtreme {
  static constexpr std::size_t kSlot = 4;  // high, -low, and the position of either
  // Two doubles in one register: a vector extension of gcc and clang on every processor.
  using Pair [[gnu::vector_size(16)]] = double;
  struct Extremes {
    Pair value;
    Pair at;
  };
  struct State {
    Extremes prefix{{-kInfinity, -kInfinity}, {0, 0}};
    std::uint64_t position = 0;
    std::uint64_t started = 0;  // tells the start of a block from a fresh state
  };
  // Positions of the extremes and of the newest row; a difference of two is a number of rows.
  struct Positions {
    double high;
    double low;
    double newest;
  };

  static Positions push(State& s, double* slots, std::size_t n, double high, double low) noexcept {
    const auto here = static_cast<double>(s.position);
    const Extremes row{{high, -low}, {here, here}};
    double* slot = slots + kSlot * s.position;
    store(slot, row);
    s.prefix = later(row, s.prefix);
    if (++s.position == n) [[unlikely]] {
      close(slots, n);
      s = {.started = 1};
      return {slots[2], slots[3], -1};
    }
    s.started = 1;
    const Extremes window = later(s.prefix, load(slot + kSlot));
    return {window.at[0], window.at[1], here};
  }

 private:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  // Of each component the larger, of equal ones the first argument's, which is the more recent. A
  // NaN in the second argument is not above anything, but is chosen: its position says NaN.
  [[nodiscard]] static Extremes later(Extremes recent, Extremes earlier) noexcept {
    const auto choose = recent.value >= earlier.value;
    return {choose ? recent.value : earlier.value, choose ? recent.at : earlier.at};
  }
  [[nodiscard]] static Extremes load(const double* slot) noexcept {
    Extremes e;
    std::memcpy(&e, slot, sizeof e);
    return e;
  }
  static void store(double* slot, const Extremes& e) noexcept { std::memcpy(slot, &e, sizeof e); }

  // From values to suffixes; positions from those in this block to those before the next one.
  static void close(double* slots, std::size_t n) noexcept {
    const auto rows = static_cast<double>(n);
    Extremes suffix = load(slots + kSlot * (n - 1));
    suffix.at -= rows;
    store(slots + kSlot * (n - 1), suffix);
    for (std::size_t i = n - 1; i-- > 0;) {
      Extremes row = load(slots + kSlot * i);
      row.at -= rows;
      suffix = later(suffix, row);
      store(slots + kSlot * i, suffix);
    }
  }
};

}  // namespace headrace::ops
