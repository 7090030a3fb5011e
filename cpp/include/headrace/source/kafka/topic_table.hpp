// Topic names by number: what TaskId::topic counts, shared by the sources of one run.
//
// Thread contract: any thread; names are only ever added.
// Cost: a mutex and a linear search; topics are few, and nothing per record comes here.
//
//   TopicTable table({"ohlcv"});
//   table.index_of("ohlcv");   // 0, and 1 for the next new name
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headrace::source {

class TopicTable {
 public:
  explicit TopicTable(std::vector<std::string> names) : names_(std::move(names)) {}

  // The number of `name`, a new one where it was not there.
  [[nodiscard]] std::int32_t index_of(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find(names_.begin(), names_.end(), name);
    const auto index = static_cast<std::int32_t>(found - names_.begin());
    if (found == names_.end()) names_.emplace_back(name);
    return index;
  }
  [[nodiscard]] std::string name(std::int32_t index) const {
    const std::lock_guard lock(mutex_);
    return names_[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] std::vector<std::string> names() const {
    const std::lock_guard lock(mutex_);
    return names_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> names_;
};

}  // namespace headrace::source
