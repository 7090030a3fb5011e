// A fast, idempotent Kafka producer: records go in by the million, failures come out as errors.
//
// Values and keys are copied into librdkafka's queue. When the queue is full, produce waits for
// room (back-pressure) up to its deadline. A record that could not be delivered is counted and
// makes the next flush() fail: nothing is lost silently.
//
// Thread contract: any thread; calls are serialised by a mutex of their own only in flush's error
//   bookkeeping, librdkafka locks its queue itself.
// Cost: about 0.5 µs a record (measured, W1 values, loopback); delivery reports for failures only.
//
//   auto producer = KafkaProducer::create({.client = {.bootstrap = "localhost:9092"}});
//   base::Status s = (*producer)->produce({.topic = "ohlcv", .key = "AAPL", .value = json});
//   s = (*producer)->flush(10s);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/source/kafka/config.hpp>

namespace headrace::sink {

struct ProducerConfig {
  source::ClientConfig client;
  std::chrono::milliseconds delivery_timeout{120'000};   // per record, retries included
  std::chrono::milliseconds queue_full_timeout{30'000};  // how long produce waits for room
  std::string transactional_id;                          // empty: no transactions
};

struct ProducerRecord {
  std::string_view topic;
  std::string_view key;
  std::string_view value;
  bool has_key = true;             // false: null key, any partition
  bool tombstone = false;          // null value
  std::int64_t timestamp_ms = -1;  // -1: now
  std::int32_t partition = -1;     // -1: by key hash (murmur2, as Java's client), or random
  std::span<const std::pair<std::string_view, std::string_view>> headers;
};

// A position of a consumer group, with what is kept beside it.
struct GroupOffset {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = -1;
  std::string metadata;
};

struct ProducerCounts {
  std::uint64_t produced = 0;   // accepted by produce()
  std::uint64_t delivered = 0;  // acknowledged by the broker
  std::uint64_t failed = 0;
};

// What a transaction's calls are given, whoever makes them; a record that waits longer than kFlush
// takes its transaction with it.
struct TransactionDeadlines {
  static constexpr std::chrono::milliseconds kInit{10'000};
  static constexpr std::chrono::milliseconds kFlush{30'000};
  static constexpr std::chrono::milliseconds kCall{8'000};
};

class KafkaProducer {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<KafkaProducer>> create(ProducerConfig config);
  ~KafkaProducer();  // does not flush: call flush() and look at its answer
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  [[nodiscard]] base::Status produce(const ProducerRecord& record);
  // Many records of one topic: as produce() for each, topic looked up once. `records[i].topic` is
  // ignored. Stops at the first error; `accepted` says how many went in.
  [[nodiscard]] base::Status produce_batch(std::string_view topic,
                                           std::span<const ProducerRecord> records,
                                           std::size_t* accepted = nullptr);
  // Serves delivery reports; never waits. Call now and then where records are produced slowly.
  void poll() noexcept;
  // True when everything produced so far has been acknowledged, false at the deadline (call again);
  // an error where a record failed since the last flush.
  [[nodiscard]] base::Result<bool> try_flush(std::chrono::milliseconds deadline);
  // As try_flush, with the deadline as an error.
  [[nodiscard]] base::Status flush(std::chrono::milliseconds deadline);
  [[nodiscard]] ProducerCounts counts() const noexcept;
  // Any thread: why records are not acknowledged, once a try_flush() has waited in vain for kStall
  // altogether; empty where they are.
  static constexpr std::chrono::milliseconds kStall{1'500};
  [[nodiscard]] std::string trouble() const;
  // Any thread: a call that waits, now or later, gives up.
  void cancel() noexcept;
  // Drops what is still queued (counted as failed), so that destruction does not wait for a broker.
  void purge() noexcept;
  // What is queued is dropped, and destruction waits for nothing: it goes on in the background.
  void abandon() noexcept;
  // The topic of the record that the last error of produce or flush was about; empty: of none.
  [[nodiscard]] std::string failed_topic() const;

  // Transactions, where the producer has a transactional id. librdkafka's own timeouts are not to
  // be relied on: each call runs on a thread of its own and is given up at the deadline, and so is
  // the producer then: it is only to be destroyed, and its client ends when the call does. A
  // retriable error may be gone with another producer of the same id; kFenced is one of them.
  [[nodiscard]] base::Status init_transactions(std::chrono::milliseconds deadline);
  [[nodiscard]] base::Status begin_transaction();
  // `membership`: as Source::membership() gives it.
  [[nodiscard]] base::Status send_offsets(const std::string& membership,
                                          std::span<const GroupOffset> offsets,
                                          std::chrono::milliseconds deadline);
  [[nodiscard]] base::Status commit_transaction(std::chrono::milliseconds deadline);
  // The group's committed offsets once no transaction is pending on them; -1 where there is none.
  [[nodiscard]] base::Result<std::vector<GroupOffset>> committed_offsets(
      const std::string& group, std::span<const GroupOffset> partitions,
      std::chrono::milliseconds deadline);

 private:
  struct Impl;
  explicit KafkaProducer(std::shared_ptr<Impl> impl) noexcept;
  std::shared_ptr<Impl> impl_;  // shared with a client that had to be leaked
  bool abandoned_ = false;
};

}  // namespace headrace::sink
