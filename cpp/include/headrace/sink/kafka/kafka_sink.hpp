// Results to a Kafka topic as JSON, dead letters to another: at least once.
//
// Idempotent producer, acks from all replicas; a record that could not be delivered is an error of
// the next write or flush, never silent. Positions are committed after flush, so a crash between
// the two repeats rows and never loses one. Exactly once: kafka_transactions.hpp.
//
// Thread contract: any number of compute threads; one mutex around a batch.
// Cost: see kafka_writer.hpp.
//
//   auto sink = make_kafka_sink({.producer = {.client = {.bootstrap = "localhost:9092"}},
//                                .topics = {.topic = "signals",
//                                           .dead_letter_topic = "signals.rejected"}});
#pragma once

#include <memory>

#include <headrace/sink/kafka/kafka_writer.hpp>
#include <headrace/sink/sink.hpp>

namespace headrace::sink {

struct KafkaSinkConfig {
  ProducerConfig producer;
  KafkaTopics topics;
};

[[nodiscard]] base::Result<std::unique_ptr<Sink>> make_kafka_sink(KafkaSinkConfig config);

}  // namespace headrace::sink
