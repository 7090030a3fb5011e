// Which partitions are ours, from where to where, and under which epoch.
//
// A slot is made when a partition is first seen and stays for the life of the source; its epoch
// counts its assignments. Lookup is by librdkafka's own topic pointer, so that a record finds its
// slot without looking at a name.
//
// Thread contract: the ingest thread.
// Cost: find() is two comparisons for records of the same partition as the one before, else a
//   search over the topics (few) and an index.
// Lifetime: a Slot* is valid as long as the Assignment.
//
//   Slot* slot = assignment.find(message->rkt, message->partition);
//   if (slot == nullptr || !slot->active) drop(message);
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <headrace/record/record_batch.hpp>
#include <headrace/source/kafka/handles.hpp>
#include <headrace/source/kafka/offsets.hpp>
#include <headrace/source/kafka/topic_table.hpp>

namespace headrace::source {

struct Slot {
  static constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();

  record::TaskId task;
  std::string topic;
  std::uint32_t epoch = 0;
  bool active = false;   // assigned to us
  bool leaving = false;  // revoked, but not given back yet: a commit is still welcome
  bool paused = false;   // by our caller
  bool held = false;     // paused inside librdkafka too
  bool done = false;     // reached `end`
  bool asked_range = false;
  std::int64_t next = 0;  // offset that may be delivered next
  OffsetRange passed{};   // the last offsets without records that were passed over
  std::int64_t end = kNoEnd;
  std::int64_t blocked_at = -1;  // offset before `end` where a transaction is open
  std::chrono::steady_clock::time_point blocked_since{};

  // Behind the last record.
  [[nodiscard]] std::int64_t behind_last() const { return passed.high == next ? passed.low : next; }
  [[nodiscard]] Place place() const {
    return {.topic = topic, .partition = task.partition, .offset = next, .end = -1};
  }
  [[nodiscard]] std::string name() const {
    return topic + '[' + std::to_string(task.partition) + ']';
  }
};

class Assignment {
 public:
  explicit Assignment(std::shared_ptr<TopicTable> topics) : topics_(std::move(topics)) {}

  // Null where the partition was never ours.
  [[nodiscard]] Slot* find(const rd_kafka_topic_t* topic, std::int32_t partition) {
    if (topic == last_topic_ && partition == last_partition_) return last_slot_;
    return find_slow(topic, partition);
  }
  [[nodiscard]] Slot* find(const record::TaskId& task) noexcept;
  [[nodiscard]] Slot* find(const TopicPartition& name) noexcept;
  // The slot of a partition, made where it is new.
  [[nodiscard]] Slot& slot(const TopicPartition& name);
  // A new epoch: reading begins at `place`.
  Slot& activate(const Place& place);
  // Where reading of the active ones goes on.
  [[nodiscard]] std::vector<Place> places() const;
  // Topic pointers of a client that goes away mean nothing any more.
  void forget_client() noexcept;

  [[nodiscard]] const std::vector<std::unique_ptr<Slot>>& slots() const noexcept { return slots_; }

 private:
  struct Topic {
    const rd_kafka_topic_t* pointer = nullptr;
    std::vector<Slot*> partitions;
  };
  [[nodiscard]] Slot* find_slow(const rd_kafka_topic_t* topic, std::int32_t partition);

  std::shared_ptr<TopicTable> topics_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<Topic> by_topic_;  // index: TaskId::topic
  const rd_kafka_topic_t* last_topic_ = nullptr;
  std::int32_t last_partition_ = -1;
  Slot* last_slot_ = nullptr;
};

}  // namespace headrace::source
