// Time, chance and what is yet to happen, all of it from one seed.
//
// Nothing here waits or looks at a clock: time goes on when the next event is taken. Events at the
// same time happen in the order in which they were asked for.
//
// Thread contract: one thread.
// Cost: a heap entry an event.
//
//   World world(42);
//   world.after(20 * kMs, [] {...});
//   while (world.step()) {}
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace headrace::simulation {

using Time = std::int64_t;  // microseconds
inline constexpr Time kMs = 1'000;
inline constexpr Time kSecond = 1'000 * kMs;

// splitmix64: its numbers are the same everywhere, which those of <random>'s distributions are not.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

class World {
 public:
  explicit World(std::uint64_t seed, bool traces = false) : state_(mix(seed)), traces_(traces) {}

  [[nodiscard]] Time now() const noexcept { return now_; }
  void after(Time delay, std::function<void()> event);
  // False where nothing is left to happen.
  bool step();

  // 0 .. bound-1
  [[nodiscard]] std::int64_t below(std::int64_t bound) noexcept;
  [[nodiscard]] std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    return low + below(high - low + 1);
  }
  [[nodiscard]] bool chance(std::int64_t in_thousand) noexcept { return below(1000) < in_thousand; }

  [[nodiscard]] bool traces() const noexcept { return traces_; }
  // To standard output, with the time. Ask traces() before putting a line together.
  void trace(const std::string& line) const;

 private:
  struct Event {
    Time time;
    std::uint64_t number;
    std::function<void()> what;
    bool operator>(const Event& other) const noexcept {
      return time != other.time ? time > other.time : number > other.number;
    }
  };

  std::uint64_t state_;
  bool traces_;
  Time now_ = 0;
  std::uint64_t count_ = 0;
  std::vector<Event> events_;  // a heap, the next one first
};

}  // namespace headrace::simulation
