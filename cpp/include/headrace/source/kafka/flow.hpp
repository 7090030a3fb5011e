// Pausing partitions without losing what is prefetched, and without leaving the group.
//
// Pausing inside librdkafka throws its prefetched records away, to be fetched again: some 0.3 s a
// pause on loopback. But most pauses are over in a moment (the caller's queue was full). So the
// consumer queue is just left alone at first, and librdkafka is told of longer pauses only: of one
// partition among others after kSome, so that the others go on; of all in a group after kAll, so
// that polling serves the group again (rebalances, max.poll.interval.ms); of all without a group
// never.
//
// Thread contract: the ingest thread.
// Cost: linear in the partitions per call; leave_queue_alone is a flag test where nothing is
//   paused.
//
//   flow.pause(tasks, consumer);
//   if (flow.leave_queue_alone(consumer)) consumer->idle(wait);
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include <headrace/source/kafka/assignment.hpp>
#include <headrace/source/kafka/consumer.hpp>

namespace headrace::source {

class Flow {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kSome{20};
  static constexpr std::chrono::milliseconds kAll{2'000};

  Flow(Assignment& assignment, bool in_group) : assignment_(assignment), in_group_(in_group) {}

  // `consumer` may be null: then only remembered.
  void pause(std::span<const record::TaskId> tasks);
  void resume(std::span<const record::TaskId> tasks, Consumer* consumer);
  // After partitions came or went.
  void update();
  // True while something is paused that librdkafka does not know of; tells it when the time comes.
  [[nodiscard]] bool leave_queue_alone(Consumer* consumer) {
    return waiting_ != 0 && may_wait(consumer);
  }

 private:
  [[nodiscard]] bool may_wait(Consumer* consumer);

  Assignment& assignment_;
  bool in_group_;
  std::size_t running_ = 0;  // partitions that are read
  std::size_t waiting_ = 0;  // that are paused, unknown to librdkafka
  Clock::time_point since_;
};

}  // namespace headrace::source
