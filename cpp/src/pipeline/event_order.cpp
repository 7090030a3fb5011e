#include <headrace/pipeline/event_order.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include <headrace/base/error.hpp>

namespace headrace::pipeline {
namespace {

using Rows = std::vector<std::uint32_t>;

Rows joined(const std::vector<Rows>& parts) {
  Rows all;
  for (const Rows& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

template <class Earlier>
std::vector<Rows> merged_pairwise(std::vector<Rows> parts, Earlier earlier) {
  std::vector<Rows> merged;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    Rows& both = merged.emplace_back(parts[i].size() + parts[i + 1].size());
    std::merge(parts[i].begin(), parts[i].end(), parts[i + 1].begin(), parts[i + 1].end(),
               both.begin(), earlier);
  }
  if (parts.size() % 2 != 0) merged.push_back(std::move(parts.back()));
  return merged;
}

}  // namespace

void EventOrder::note(record::TaskId task, const std::int64_t* times, std::size_t rows) {
  if (rows == 0) return;
  const bool same_task = !runs_.empty() && runs_.back().task == task;
  if (!runs_.empty() && in_order_) {
    // Equal times of two tasks are in order if the tasks are.
    const bool task_in_order = runs_.back().task <= task;
    in_order_ = times == nullptr
                    ? task_in_order
                    : times[0] > last_time_ || (times[0] == last_time_ && task_in_order);
  }
  if (times != nullptr) {
    in_order_ = in_order_ && std::is_sorted(times, times + rows);
    last_time_ = times[rows - 1];
  }
  if (same_task) {
    runs_.back().rows += rows;
  } else {
    runs_.push_back({.task = task, .rows = rows});
  }
  rows_ += rows;
}

std::vector<std::uint32_t> EventOrder::rows(const std::int64_t* times) const {
  if (rows_ > std::numeric_limits<std::uint32_t>::max()) {
    throw base::Exception({.code = base::ErrorCode::kUnsupported,
                           .message = "collect: " + std::to_string(rows_) +
                                      " rows out of event order are too many to sort; read fewer "
                                      "partitions or records at a time"});
  }
  std::map<record::TaskId, Rows> by_task;
  std::uint32_t row = 0;
  for (const Run& run : runs_) {
    Rows& of_task = by_task[run.task];
    for (std::size_t i = 0; i < run.rows; ++i) of_task.push_back(row++);
  }
  std::vector<Rows> parts;
  for (auto& [task, of_task] : by_task) parts.push_back(std::move(of_task));
  if (times == nullptr) return joined(parts);
  const auto earlier = [times](std::uint32_t a, std::uint32_t b) { return times[a] < times[b]; };
  for (Rows& part : parts) {
    if (!std::is_sorted(part.begin(), part.end(), earlier)) {
      std::stable_sort(part.begin(), part.end(), earlier);
    }
  }
  while (parts.size() > 1) parts = merged_pairwise(std::move(parts), earlier);
  return parts.empty() ? Rows{} : std::move(parts.front());
}

EventOrder::Origins EventOrder::origins(const std::vector<std::uint32_t>* order) const {
  Origins made{.topics = record::Buffer::allocate(rows_ * sizeof(std::int32_t)),
               .partitions = record::Buffer::allocate(rows_ * sizeof(std::int32_t))};
  auto* topics = made.topics->as<std::int32_t>();
  auto* partitions = made.partitions->as<std::int32_t>();
  std::vector<std::uint32_t> place;  // of each arrived row in the final order
  if (order != nullptr) {
    place.resize(rows_);
    for (std::size_t i = 0; i < rows_; ++i) place[(*order)[i]] = static_cast<std::uint32_t>(i);
  }
  std::size_t row = 0;
  for (const Run& run : runs_) {
    for (const std::size_t end = row + run.rows; row < end; ++row) {
      const std::size_t at = order != nullptr ? place[row] : row;
      topics[at] = run.task.topic;
      partitions[at] = run.task.partition;
    }
  }
  return made;
}

}  // namespace headrace::pipeline
