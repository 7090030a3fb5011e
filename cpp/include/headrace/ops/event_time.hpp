// What the steps that look at event times share: the newest one seen, which "late" and "old" are
// measured against.
//
// The newest time follows from the records alone, never from a clock, so a replay calls the same
// records late.
//
// Thread contract: belongs to one operator.
// Cost: a comparison a row.
//
//   newest.note(time);
//   if (time < newest.minus(grace)) ...   // more than `grace` behind
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include <headrace/base/error.hpp>
#include <headrace/record/schema.hpp>

namespace headrace::ops {

class NewestTime {
 public:
  NewestTime() = default;
  explicit NewestTime(std::int64_t ns) : ns_(ns) {}

  void note(std::int64_t ns) noexcept { ns_ = std::max(ns_, ns); }
  // The smallest time there is where none was seen yet: nothing lies behind that.
  [[nodiscard]] std::int64_t ns() const noexcept { return ns_; }
  // `length` (at least 0) before the newest; not before the smallest time there is.
  [[nodiscard]] std::int64_t minus(std::int64_t length) const noexcept {
    return ns_ < kSmallest + length ? kSmallest : ns_ - length;
  }

 private:
  static constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
  std::int64_t ns_ = kSmallest;
};

// time + length, kept within the range of times.
[[nodiscard]] constexpr std::int64_t shifted(std::int64_t time, std::int64_t length) noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(time, length, &sum)) return sum;
  return length < 0 ? std::numeric_limits<std::int64_t>::min()
                    : std::numeric_limits<std::int64_t>::max();
}

// From the earlier of two times to the later.
[[nodiscard]] inline std::uint64_t distance(std::int64_t a, std::int64_t b) noexcept {
  return a < b ? static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a)
               : static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

// How far `time` is behind the newest, negative where it is ahead; what int64 cannot hold is its
// largest or smallest number.
[[nodiscard]] inline std::int64_t behind(std::int64_t newest, std::int64_t time) noexcept {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const std::uint64_t length = std::min<std::uint64_t>(distance(newest, time), kMost);
  return time < newest ? static_cast<std::int64_t>(length) : -static_cast<std::int64_t>(length);
}

// An error that tells how to give the stream an event time, where it has none; `who` begins it.
[[nodiscard]] base::Status require_event_time(std::string_view who, const record::Schema& schema);

}  // namespace headrace::ops
