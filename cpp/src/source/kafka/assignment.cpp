#include <headrace/source/kafka/assignment.hpp>

#include <algorithm>
#include <cstddef>

namespace headrace::source {

Slot* Assignment::find_slow(const rd_kafka_topic_t* topic, std::int32_t partition) {
  auto known = std::find_if(by_topic_.begin(), by_topic_.end(),
                            [&](const Topic& t) { return t.pointer == topic; });
  if (known == by_topic_.end()) {
    const auto index = static_cast<std::size_t>(topics_->index_of(rd_kafka_topic_name(topic)));
    if (index >= by_topic_.size()) by_topic_.resize(index + 1);
    known = by_topic_.begin() + static_cast<std::ptrdiff_t>(index);
    known->pointer = topic;
  }
  const auto at = static_cast<std::size_t>(partition);
  Slot* slot = partition >= 0 && at < known->partitions.size() ? known->partitions[at] : nullptr;
  if (slot != nullptr) {
    last_topic_ = topic;
    last_partition_ = partition;
    last_slot_ = slot;
  }
  return slot;
}

Slot* Assignment::find(const record::TaskId& task) noexcept {
  const auto topic = static_cast<std::size_t>(task.topic);
  const auto partition = static_cast<std::size_t>(task.partition);
  if (topic >= by_topic_.size() || partition >= by_topic_[topic].partitions.size()) return nullptr;
  return by_topic_[topic].partitions[partition];
}

Slot* Assignment::find(const TopicPartition& name) noexcept {
  const auto found = std::find_if(slots_.begin(), slots_.end(), [&](const auto& s) {
    return s->task.partition == name.second && s->topic == name.first;
  });
  return found == slots_.end() ? nullptr : found->get();
}

Slot& Assignment::slot(const TopicPartition& name) {
  if (Slot* known = find(name)) return *known;
  auto& made = slots_.emplace_back(std::make_unique<Slot>());
  made->topic = name.first;
  made->task = {.topic = topics_->index_of(name.first), .partition = name.second};
  const auto topic = static_cast<std::size_t>(made->task.topic);
  const auto partition = static_cast<std::size_t>(name.second);
  if (topic >= by_topic_.size()) by_topic_.resize(topic + 1);
  auto& partitions = by_topic_[topic].partitions;
  if (partition >= partitions.size()) partitions.resize(partition + 1);
  partitions[partition] = made.get();
  return *made;
}

Slot& Assignment::activate(const Place& place) {
  Slot& s = slot({place.topic, place.partition});
  ++s.epoch;
  s.active = true;
  s.leaving = s.paused = s.held = s.done = s.asked_range = false;
  s.next = place.offset;
  s.end = place.end >= 0 ? place.end : Slot::kNoEnd;
  s.blocked_at = -1;
  s.passed = {};
  return s;
}

std::vector<Place> Assignment::places() const {
  std::vector<Place> places;
  for (const auto& slot : slots_) {
    if (slot->active) places.push_back(slot->place());
  }
  return places;
}

void Assignment::forget_client() noexcept {
  for (Topic& topic : by_topic_) topic.pointer = nullptr;
  last_topic_ = nullptr;
  last_slot_ = nullptr;
}

}  // namespace headrace::source
