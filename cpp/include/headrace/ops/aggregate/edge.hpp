// The first or last value of a pane by event time; of equal times the first or last to come.
//
// Since event times decide, rows that come out of order within the grace change nothing.
//
// Thread contract: plain values.
//
//   Edge<double> open;  open.offer_first(price, time);
#pragma once

#include <cstdint>

namespace headrace::ops {

template <class T>
struct Edge {
  T value{};
  std::int64_t time = 0;
  std::int64_t seen = 0;

  void offer_first(T x, std::int64_t t) noexcept {
    if (seen != 0 && t >= time) return;
    *this = {.value = x, .time = t, .seen = 1};
  }
  void offer_last(T x, std::int64_t t) noexcept {
    if (seen != 0 && t < time) return;
    *this = {.value = x, .time = t, .seen = 1};
  }
};

}  // namespace headrace::ops
