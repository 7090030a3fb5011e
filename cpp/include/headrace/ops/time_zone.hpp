// A time zone: its offsets from UTC, and when each of them begins.
//
// The core has no zone database. Whoever builds a plan computes the transitions and they travel in
// it, so that two machines with different databases still give the same result.
// A local time that a clock never shows (the gap in spring) is shifted forward by the length of the
// gap: 02:30 is 03:30. One that it shows twice (the overlap in autumn) is the earlier of the two.
// Both follow from one rule: the offset before a transition is used until both have passed.
//
// Thread contract: immutable after make(); may be read by any number of threads.
// Cost: a binary search among the transitions: 5 ns where times come nearly in order, 60 ns where
//   they come at random (branches); 24 bytes a transition.
//
//   auto zone = TimeZone::make("Europe/Berlin", {{-2'208'988'800, 3600}, {1'711'846'800, 7200}});
//   std::int64_t local = zone->to_local(utc_ns);
//   std::int64_t utc = zone->to_utc(local);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <headrace/base/error.hpp>

namespace headrace::ops {

class TimeZone {
 public:
  struct Transition {
    std::int64_t utc_seconds;  // since 1970, from when on
    std::int64_t
        offset_seconds;  // that the local clock is ahead of UTC, less than a day and a half

    bool operator==(const Transition&) const = default;
  };

  // UTC itself.
  TimeZone();
  // The first offset holds before its transition, too. An error where there is none, where they do
  // not ascend, or an offset or a time is beyond what a clock or nanoseconds can show.
  [[nodiscard]] static base::Result<TimeZone> make(std::string name,
                                                   std::vector<Transition> transitions);

  // Borrowed: valid while the zone lives.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::vector<Transition>& transitions() const noexcept { return transitions_; }

  // Seconds that the local clock is ahead at an instant (nanoseconds since 1970, UTC).
  [[nodiscard]] std::int64_t offset_seconds(std::int64_t utc_ns) const noexcept;

  // Both stop at the ends of what nanoseconds can hold (years 1677 and 2262).
  [[nodiscard]] std::int64_t to_local(std::int64_t utc_ns) const noexcept;
  [[nodiscard]] std::int64_t to_utc(std::int64_t local_ns) const noexcept;

  bool operator==(const TimeZone&) const = default;

 private:
  TimeZone(std::string name, std::vector<Transition> transitions);

  std::string name_;
  std::vector<Transition> transitions_;    // never empty
  std::vector<std::int64_t> local_until_;  // local seconds until which the offset before is used
};

}  // namespace headrace::ops
