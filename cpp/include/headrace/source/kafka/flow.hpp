// Pausing partitions without losing what is prefetched, and without leaving the group.
//
// Pausing inside librdkafka throws its prefetched records away, to be fetched again. So when all
// partitions are paused at once (the caller's queue is full, for a moment as a rule) the consumer
// queue is just left alone; only a longer pause, or one of some partitions, is told to librdkafka,
// and polling goes on (max.poll.interval.ms).
//
// Thread contract: the ingest thread.
// Cost: linear in the partitions per call; wait() is a flag test where nothing is paused.
//
//   flow.pause(tasks, consumer);
//   if (flow.leave_queue_alone(now, consumer)) consumer->idle(wait);
#pragma once

#include <chrono>
#include <span>

#include <headrace/source/kafka/assignment.hpp>
#include <headrace/source/kafka/consumer.hpp>

namespace headrace::source {

class Flow {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kSoftPause{500};

  explicit Flow(Assignment& assignment) : assignment_(assignment) {}

  // `consumer` may be null: then only remembered.
  void pause(std::span<const record::TaskId> tasks, Consumer* consumer);
  void resume(std::span<const record::TaskId> tasks, Consumer* consumer);
  // After partitions came or went.
  void update(Consumer* consumer);
  // True while everything is paused and has not been for long.
  [[nodiscard]] bool leave_queue_alone(Consumer* consumer) {
    return all_paused_ && still_soft(consumer);
  }

 private:
  [[nodiscard]] bool still_soft(Consumer* consumer);
  void hold(Consumer* consumer);

  Assignment& assignment_;
  bool all_paused_ = false;
  Clock::time_point since_;
};

}  // namespace headrace::source
