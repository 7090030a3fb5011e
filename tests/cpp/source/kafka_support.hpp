// A mock cluster with records in it, and loops that read a source until something has happened.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <headrace/sink/kafka/producer.hpp>
#include <headrace/source/kafka/kafka_source.hpp>
#include <headrace/source/kafka/mock_cluster.hpp>

namespace headrace::test {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// What a test remembers of a record or event: everything that is borrowed, copied.
struct Got {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string value;
  std::uint32_t epoch = 0;  // of the task when the record came
};

inline std::string value_of(int partition, std::int64_t i) {
  return "p" + std::to_string(partition) + "-" + std::to_string(i);
}

class Cluster {
 public:
  explicit Cluster(int brokers = 1)
      : mock(source::MockCluster::start(brokers).value_or_throw()),
        producer(sink::KafkaProducer::create({.client = client()}).value_or_throw()) {}

  [[nodiscard]] source::ClientConfig client() const {
    source::ClientConfig config;
    config.bootstrap = mock.bootstrap();
    return config;
  }
  [[nodiscard]] source::KafkaSourceConfig config(std::vector<std::string> topics) const {
    source::KafkaSourceConfig c;
    c.client = client();
    c.topics = std::move(topics);
    return c;
  }
  void topic(const std::string& name, int partitions) {
    mock.create_topic(name, partitions).throw_if_error();
  }
  // `count` more records into a partition: value_of(partition, i), i going on from the last call.
  void fill(const std::string& topic, int partition, std::int64_t count) {
    std::int64_t& next = next_[{topic, partition}];
    for (std::int64_t n = 0; n < count; ++n, ++next) {
      const std::string value = value_of(partition, next);
      const std::string key = "k" + std::to_string(next % 7);
      sink::ProducerRecord record;
      record.topic = topic;
      record.key = key;
      record.value = value;
      record.partition = partition;
      record.timestamp_ms = 1'700'000'000'000 + next;
      producer->produce(record).throw_if_error();
    }
    producer->flush(10s).throw_if_error();
  }

  source::MockCluster mock;
  std::unique_ptr<sink::KafkaProducer> producer;

 private:
  std::map<std::pair<std::string, int>, std::int64_t> next_;
};

// Everything that a source said and delivered so far.
struct Log {
  std::vector<Got> records;
  std::vector<source::SourceEvent> events;
  std::map<record::TaskId, std::uint32_t> epochs;
  bool end = false;
  std::optional<base::Error> error;

  [[nodiscard]] std::size_t count(source::EventKind kind) const {
    std::size_t n = 0;
    for (const auto& e : events) n += e.kind == kind ? 1U : 0U;
    return n;
  }
  [[nodiscard]] const source::SourceEvent* first(source::EventKind kind) const {
    for (const auto& e : events) {
      if (e.kind == kind) return &e;
    }
    return nullptr;
  }
};

// One poll into the log. False after an error.
inline bool step(source::Source& source, Log& log, std::chrono::milliseconds timeout = 50ms) {
  auto poll = source.poll(timeout);
  if (!poll) {
    log.error = poll.error();
    return false;
  }
  for (const auto& e : poll->events) {
    log.events.push_back(e);
    if (e.kind == source::EventKind::kAssigned) log.epochs[e.task] = e.epoch;
    if (e.kind == source::EventKind::kRevoked) log.epochs.erase(e.task);
  }
  const std::vector<std::string> topics = source.topics();
  for (const auto& r : poll->records) {
    const auto epoch = log.epochs.find(r.task);
    log.records.push_back({.topic = topics[static_cast<std::size_t>(r.task.topic)],
                           .partition = r.task.partition,
                           .offset = r.offset,
                           .key = std::string(r.key),
                           .value = std::string(r.value),
                           .epoch = epoch == log.epochs.end() ? 0 : epoch->second});
  }
  log.end = log.end || poll->end;
  return true;
}

// Polls until `done` or the deadline; says whether it was done.
inline bool poll_until(source::Source& source, Log& log, const std::function<bool()>& done,
                       std::chrono::milliseconds deadline = 20s) {
  const auto end = Clock::now() + deadline;
  while (!done()) {
    if (Clock::now() > end || !step(source, log)) return false;
  }
  return true;
}

inline Log read_all(source::Source& source, std::chrono::milliseconds deadline = 20s) {
  Log log;
  poll_until(
      source, log, [&] { return log.end; }, deadline);
  return log;
}

// Offsets of one partition in the order of delivery.
inline std::vector<std::int64_t> offsets_of(const Log& log, int partition) {
  std::vector<std::int64_t> offsets;
  for (const Got& r : log.records) {
    if (r.partition == partition) offsets.push_back(r.offset);
  }
  return offsets;
}

inline std::vector<std::int64_t> range(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> out;
  for (std::int64_t i = from; i < to; ++i) out.push_back(i);
  return out;
}

}  // namespace headrace::test
