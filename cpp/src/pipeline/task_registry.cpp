#include <headrace/pipeline/task_registry.hpp>

#include <algorithm>

namespace headrace::pipeline {
namespace {

TaskStatus status_of(const TaskSlot& slot, const std::string& topic) {
  TaskStatus status;
  status.topic = topic;
  {
    const std::lock_guard lock(slot.mutex);
    status.position = slot.marks;
  }
  status.position.task = slot.task;
  // How far results have come, not how far reading has: what waits in between is lag, too.
  const std::int64_t done = slot.done.load(std::memory_order_relaxed);
  std::int64_t& position = status.position.position;
  const std::int64_t behind_last = status.position.behind_last;
  const bool all_done = behind_last >= 0 && done >= behind_last;
  if (done >= 0) position = all_done ? std::max(done, position) : done;
  status.records = slot.records.load(std::memory_order_relaxed);
  status.max_event_time_ns = slot.max_event_time.load(std::memory_order_relaxed);
  const std::int64_t end = status.position.high_watermark;
  if (end >= 0 && position >= 0) status.lag = std::max<std::int64_t>(0, end - position);
  return status;
}

}  // namespace

std::string TaskSlot::section(const std::string& name) const {
  return unit_of(partition()) + '/' + name;
}

SavedKeys TaskSlot::save(checkpoint::Checkpoint& made) const {
  made.read_to.push_back({.topic = topic,
                          .partition = task.partition,
                          .offset = done.load(std::memory_order_acquire)});
  SavedKeys saved{
      .section = made.sections.size(), .keys = keys, .count = key_count, .newest_ns = newest_ns};
  made.sections.push_back({.name = section("keys"), .bytes = {}});
  running->save(made, section(""));
  return saved;
}

void SavedKeys::write_to(checkpoint::Checkpoint& made) const {
  base::ByteWriter names;
  names.put(newest_ns);
  names.put(count);
  for (std::uint32_t key = 0; key < count; ++key) {
    names.put_string(keys->text(static_cast<std::int32_t>(key)));
  }
  made.sections[section].bytes = std::move(names).take();
}

std::int32_t TaskRegistry::topic(const std::string& name) {
  const std::lock_guard lock(mutex_);
  return topic_locked(name);
}

std::int32_t TaskRegistry::topic_locked(const std::string& name) {
  const auto known = std::find(topics_.begin(), topics_.end(), name);
  if (known == topics_.end()) {
    topics_.push_back(name);
    return static_cast<std::int32_t>(topics_.size()) - 1;
  }
  return static_cast<std::int32_t>(known - topics_.begin());
}

TaskSlot& TaskRegistry::add(const std::string& topic_name, record::TaskId at_source,
                            std::size_t leaf) {
  const std::lock_guard lock(mutex_);
  const record::TaskId id{.topic = topic_locked(topic_name), .partition = at_source.partition};
  return slots_.emplace_back(id, at_source, slots_.size() % compute_threads_, topic_name, leaf);
}

std::vector<TaskSlot*> TaskRegistry::slots() {
  const std::lock_guard lock(mutex_);
  std::vector<TaskSlot*> all;
  for (TaskSlot& slot : slots_) all.push_back(&slot);
  return all;
}

bool TaskRegistry::held(record::TaskId task, std::uint32_t epoch) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(slots_.begin(), slots_.end(), [&](const TaskSlot& slot) {
    return slot.task == task && slot.held_by(epoch);
  });
}

std::vector<std::string> TaskRegistry::topics() const {
  const std::lock_guard lock(mutex_);
  return topics_;
}

std::vector<TaskStatus> TaskRegistry::status() const {
  std::vector<TaskStatus> all;
  {
    const std::lock_guard lock(mutex_);
    for (const TaskSlot& slot : slots_) {
      if (slot.live_epoch.load(std::memory_order_acquire) == TaskSlot::kNobody) continue;
      all.push_back(status_of(slot, topics_[static_cast<std::size_t>(slot.task.topic)]));
    }
  }
  std::sort(all.begin(), all.end(), [](const TaskStatus& a, const TaskStatus& b) {
    return a.position.task < b.position.task;
  });
  return all;
}

}  // namespace headrace::pipeline
