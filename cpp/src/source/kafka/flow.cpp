#include <headrace/source/kafka/flow.hpp>

#include <utility>
#include <vector>

namespace headrace::source {

namespace {

bool runs(const Slot& slot) { return slot.active && !slot.done; }

}  // namespace

void Flow::pause(std::span<const record::TaskId> tasks) {
  for (const record::TaskId& task : tasks) {
    if (Slot* slot = assignment_.find(task)) slot->paused = true;
  }
  update();
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
  update();
}

void Flow::update() {
  const bool waited = waiting_ != 0;
  running_ = waiting_ = 0;
  for (const auto& slot : assignment_.slots()) {
    if (!runs(*slot) || slot->held) continue;
    ++(slot->paused ? waiting_ : running_);
  }
  if (!waited) since_ = Clock::now();
}

bool Flow::may_wait(Consumer* consumer) {
  if (running_ == 0 && !in_group_) return true;
  if (Clock::now() - since_ < (running_ != 0 ? kSome : kAll)) return true;
  std::vector<Place> places;
  for (const auto& slot : assignment_.slots()) {
    if (!runs(*slot) || !slot->paused || std::exchange(slot->held, true)) continue;
    places.push_back(slot->place());
  }
  if (consumer != nullptr) consumer->pause(places);
  update();
  return false;
}

}  // namespace headrace::source
