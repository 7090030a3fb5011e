// The tasks of a running engine: who owns which, under which assignment, and how far each has come.
//
// A slot is made at the first sight of a partition and lives as long as the engine, so that parcels
// and threads may point at it. What two threads share in it is atomic or behind its mutex; the rest
// says whose it is.
//
// Thread contract: add and topic by ingest threads, the const methods by any.
// Cost: a mutex per new task; none per batch.
// Lifetime: slots never move and live as long as the registry.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <headrace/pipeline/engine.hpp>
#include <headrace/pipeline/task.hpp>
#include <headrace/source/source.hpp>

namespace headrace::pipeline {

// A position whose results every sink has acknowledged.
struct Acknowledged {
  std::uint32_t epoch = 0;
  std::int64_t position = -1;  // -1: nothing yet
};

struct TaskSlot {
  static constexpr std::int64_t kNobody = -1;

  TaskSlot(record::TaskId id, record::TaskId id_at_source, std::size_t compute_thread,
           std::string topic_name = {}, std::size_t leaf_of_plan = 0)
      : task(id),
        source_task(id_at_source),
        compute(compute_thread),
        topic(std::move(topic_name)),
        leaf(leaf_of_plan) {}

  [[nodiscard]] bool live(std::uint32_t epoch) const noexcept {
    return live_epoch.load(std::memory_order_acquire) == static_cast<std::int64_t>(epoch);
  }

  const record::TaskId task;         // topic as Engine::topics() counts
  const record::TaskId source_task;  // topic as its source counts
  const std::size_t compute;         // the thread that runs it
  const std::string topic;
  const std::size_t leaf;  // of Plan::leaves(): what is done with its records

  // Written by the ingest thread.
  std::atomic<std::int64_t> live_epoch{kNobody};  // what is of another one is stale
  std::atomic<std::uint64_t> records{0};
  // Written by the compute thread.
  std::atomic<std::int64_t> done{-1};  // next offset after the last finished batch
  std::atomic<std::int64_t> max_event_time{0};
  // Written by compute threads: too far ahead of others to be read on (pipeline/merge.hpp).
  std::atomic<bool> ahead{false};
  // The compute thread's own.
  std::optional<Task> running;
  std::uint32_t running_epoch = 0;

  mutable std::mutex mutex;
  Acknowledged acknowledged;   // under the mutex
  source::TaskPosition marks;  // under the mutex; as the source said last
};

class TaskRegistry {
 public:
  explicit TaskRegistry(std::size_t compute_threads) : compute_threads_(compute_threads) {}

  // Index of a topic in topics(); the same name has one index whatever source reads it.
  [[nodiscard]] std::int32_t topic(const std::string& name);
  [[nodiscard]] TaskSlot& add(const std::string& topic_name, record::TaskId at_source,
                              std::size_t leaf = 0);

  [[nodiscard]] std::vector<std::string> topics() const;
  // Tasks that are ours now, by topic, then partition.
  [[nodiscard]] std::vector<TaskStatus> status() const;

 private:
  [[nodiscard]] std::int32_t topic_locked(const std::string& name);

  const std::size_t compute_threads_;
  mutable std::mutex mutex_;
  std::vector<std::string> topics_;
  std::deque<TaskSlot> slots_;
};

}  // namespace headrace::pipeline
