#include "world.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace headrace::simulation {

void World::after(Time delay, std::function<void()> event) {
  events_.push_back(
      {.time = now_ + std::max<Time>(delay, 0), .number = count_++, .what = std::move(event)});
  std::push_heap(events_.begin(), events_.end(), std::greater<>());
}

bool World::step() {
  if (events_.empty()) return false;
  std::pop_heap(events_.begin(), events_.end(), std::greater<>());
  const Event event = std::move(events_.back());
  events_.pop_back();
  now_ = event.time;
  event.what();
  return true;
}

std::int64_t World::below(std::int64_t bound) noexcept {
  state_ += 0x9e3779b97f4a7c15U;
  return static_cast<std::int64_t>(mix(state_) % static_cast<std::uint64_t>(bound));
}

void World::trace(const std::string& line) const {
  std::printf("%10.3f ms  %s\n", static_cast<double>(now_) / static_cast<double>(kMs),
              line.c_str());
}

}  // namespace headrace::simulation
