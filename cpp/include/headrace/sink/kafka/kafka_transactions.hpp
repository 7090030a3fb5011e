// Results and dead letters to Kafka topics in transactions, positions to a consumer group: the
// TransactionLog of exactly-once delivery.
//
// The id is stable per worker, so that the next life of a worker fences its former one at once. A
// dead-letter topic that cannot be written to is something to wait for, never to skip: the error is
// retriable and says so. A result that the broker refuses for good (too large, no rights, no topic)
// is not.
//
// Thread contract: as TransactionLog.
// Cost: see kafka_writer.hpp; a commit is three round trips (flush, positions, end).
//
//   auto log = make_kafka_transactions(
//       {.producer = {.client = {.bootstrap = "localhost:9092"}, .transactional_id = "app-0"},
//        .topics = {.topic = "signals"}, .group = "app", .membership = [&] {...}});
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <headrace/sink/kafka/kafka_writer.hpp>
#include <headrace/sink/transaction_log.hpp>

namespace headrace::sink {

struct KafkaTransactionsConfig {
  ProducerConfig producer;
  KafkaTopics topics;
  std::string group;  // that keeps the positions
  // As Source::membership() gives it; empty: positions are kept without being a member of the
  // group.
  std::function<base::Result<std::string>()> membership;
};

// Creating one only checks the settings.
[[nodiscard]] base::Result<std::unique_ptr<TransactionLog>> make_kafka_transactions(
    KafkaTransactionsConfig config);

}  // namespace headrace::sink
