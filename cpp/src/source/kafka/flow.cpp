#include <headrace/source/kafka/flow.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace headrace::source {

namespace {

bool runs(const Slot& slot) { return slot.active && !slot.done; }

}  // namespace

void Flow::pause(std::span<const record::TaskId> tasks, Consumer* consumer) {
  for (const record::TaskId& task : tasks) {
    if (Slot* slot = assignment_.find(task)) slot->paused = true;
  }
  update(consumer);
}

void Flow::resume(std::span<const record::TaskId> tasks, Consumer* consumer) {
  std::vector<Place> held;
  for (const record::TaskId& task : tasks) {
    Slot* slot = assignment_.find(task);
    if (slot == nullptr) continue;
    slot->paused = false;
    if (std::exchange(slot->held, false) && runs(*slot)) held.push_back(slot->place());
  }
  if (consumer != nullptr) consumer->resume(held);
  update(consumer);
}

void Flow::update(Consumer* consumer) {
  std::size_t running = 0;
  std::size_t paused = 0;
  for (const auto& slot : assignment_.slots()) {
    if (runs(*slot)) ++(slot->paused ? paused : running);
  }
  const bool all = paused != 0 && running == 0;
  if (all && !all_paused_) since_ = Clock::now();
  all_paused_ = all;
  if (paused != 0 && running != 0) hold(consumer);
}

bool Flow::still_soft(Consumer* consumer) {
  if (Clock::now() - since_ < kSoftPause) return true;
  hold(consumer);
  return false;
}

void Flow::hold(Consumer* consumer) {
  std::vector<Place> places;
  for (const auto& slot : assignment_.slots()) {
    if (!runs(*slot) || !slot->paused) continue;
    if (!std::exchange(slot->held, true)) places.push_back(slot->place());
  }
  if (consumer != nullptr) consumer->pause(places);
}

}  // namespace headrace::source
