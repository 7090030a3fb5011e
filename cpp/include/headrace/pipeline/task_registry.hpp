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
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <headrace/pipeline/engine.hpp>
#include <headrace/pipeline/recovery.hpp>
#include <headrace/pipeline/task.hpp>
#include <headrace/source/source.hpp>

namespace headrace::pipeline {

// A position whose results every sink has acknowledged.
struct Acknowledged {
  std::uint32_t epoch = 0;
  std::int64_t position = -1;  // -1: nothing yet
};

// The keys of a task as they were when its state was copied. They are many, and their texts stay as
// they are while others come, so that they need not be written while computing is held up.
struct SavedKeys {
  std::size_t section = 0;  // that is still empty
  record::DictionaryPtr keys;
  std::uint32_t count = 0;
  std::int64_t newest_ns = 0;

  void write_to(checkpoint::Checkpoint& made) const;  // any thread
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

  // Whether what is done under this assignment may still be committed.
  [[nodiscard]] bool held_by(std::uint32_t epoch) const noexcept {
    return live(epoch) ||
           leaving.load(std::memory_order_acquire) == static_cast<std::int64_t>(epoch);
  }
  [[nodiscard]] PartitionName partition() const { return {topic, task.partition}; }
  // For messages: stocks[0].
  [[nodiscard]] std::string name() const {
    return topic + '[' + std::to_string(task.partition) + ']';
  }
  // How the assignment began; null where nothing is known of that.
  [[nodiscard]] std::shared_ptr<const Restored> beginning() const {
    const std::lock_guard lock(mutex);
    return restored;
  }
  // Its state is in use.
  void forget_state() {
    const std::lock_guard lock(mutex);
    if (!restored || !restored->state) return;
    Restored without = *restored;
    without.state.reset();
    restored = std::make_shared<const Restored>(std::move(without));
  }
  // Adds position and state of the running task, but for its keys; under the turn of its compute
  // thread.
  [[nodiscard]] SavedKeys save(checkpoint::Checkpoint& made) const;
  // The name of a section of it in a checkpoint.
  [[nodiscard]] std::string section(const std::string& name) const;

  const record::TaskId task;         // topic as Engine::topics() counts
  const record::TaskId source_task;  // topic as its source counts
  const std::size_t compute;         // the thread that runs it
  const std::string topic;
  const std::size_t leaf;  // of Plan::leaves(): what is done with its records

  // Written by the ingest thread.
  std::atomic<std::int64_t> live_epoch{kNobody};  // what is of another one is stale
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::int64_t> leaving{kNobody};  // epoch that is being given back
  // Written by the compute thread.
  std::atomic<std::int64_t> done{-1};  // next offset after the last finished batch
  std::atomic<std::int64_t> max_event_time{0};
  // Written by compute threads: too far ahead of others to be read on (pipeline/merge.hpp).
  std::atomic<bool> ahead{false};
  // The compute thread's own.
  std::optional<Task> running;
  std::uint32_t running_epoch = 0;
  bool replaying = false;  // results are those of a former life, which has given them out
  std::uint64_t replayed = 0;
  record::DictionaryPtr keys;  // of the task; the first key_count are of rows that are done
  std::uint32_t key_count = 0;
  std::int64_t newest_ns = std::numeric_limits<std::int64_t>::min();  // event time; of a table
  // The coordinator's, while all compute threads stand still; begun by the compute thread.
  std::uint64_t commit = 0;    // number of the last one
  std::int64_t from = 0;       // first offset that the state depends on
  std::int64_t cut_at = -1;    // position of the last cut
  std::int64_t saved_at = -1;  // position of the last checkpoint
  std::chrono::steady_clock::time_point saved_when = std::chrono::steady_clock::now();

  mutable std::mutex mutex;
  Acknowledged acknowledged;                 // under the mutex
  source::TaskPosition marks;                // under the mutex; as the source said last
  std::shared_ptr<const Restored> restored;  // under the mutex
};

class TaskRegistry {
 public:
  explicit TaskRegistry(std::size_t compute_threads) : compute_threads_(compute_threads) {}

  // Index of a topic in topics(); the same name has one index whatever source reads it.
  [[nodiscard]] std::int32_t topic(const std::string& name);
  [[nodiscard]] TaskSlot& add(const std::string& topic_name, record::TaskId at_source,
                              std::size_t leaf = 0);

  [[nodiscard]] std::vector<std::string> topics() const;
  // All that there are by now.
  [[nodiscard]] std::vector<TaskSlot*> slots();
  // Whether results of the task under this assignment may still be committed.
  [[nodiscard]] bool held(record::TaskId task, std::uint32_t epoch) const;
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
