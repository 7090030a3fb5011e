#include <headrace/pipeline/key_watch.hpp>

namespace headrace::pipeline {

void KeyWatch::seen(std::string_view key, record::TaskId task) {
  const std::lock_guard lock(mutex_);
  const auto known = homes_.find(std::string(key));
  if (known == homes_.end()) {
    if (homes_.size() < kMost) homes_.emplace(key, Home{.task = task, .several = false});
    return;
  }
  Home& home = known->second;
  if (home.task == task || home.several) return;
  home.several = true;
  ++several_;
  if (examples_.size() < kExamples) examples_.emplace_back(key);
}

std::uint64_t KeyWatch::keys_in_several_partitions() const {
  const std::lock_guard lock(mutex_);
  return several_;
}

std::vector<std::string> KeyWatch::examples() const {
  const std::lock_guard lock(mutex_);
  return examples_;
}

}  // namespace headrace::pipeline
