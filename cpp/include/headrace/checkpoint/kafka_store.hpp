// Checkpoints in a compacted topic, for processes that share no directory.
//
// A checkpoint is cut into chunks of at most 900 kB, each a record with a name of its own; a record
// of the first partition, the manifest, says that all are there and where. So what is there is
// known from that partition alone, and a checkpoint is read without the others. What is outdated,
// or was left behind by one who died while writing, is removed by tombstones. The topic is made
// where it does not exist; one that exists should have cleanup.policy=compact.
//
// Thread contract: any thread; calls wait for each other.
// Cost: see store.hpp; in memory one chunk beside the checkpoint. The topic holds `keep`
//   checkpoints of each unit and what Kafka has not compacted yet.
//
//   KafkaStoreConfig config{.client = {.bootstrap = "localhost:9092"}, .topic = "checkpoints"};
//   std::shared_ptr<Store> store = open_kafka_store(config).value_or_throw();
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <headrace/checkpoint/store.hpp>
#include <headrace/source/kafka/config.hpp>

namespace headrace::checkpoint {

struct KafkaStoreConfig {
  source::ClientConfig client;
  std::string topic;
  std::size_t keep = 2;
  bool make = true;  // the topic where it does not exist; else that is kTopicNotFound
};

[[nodiscard]] base::Result<std::shared_ptr<Store>> open_kafka_store(KafkaStoreConfig config);

}  // namespace headrace::checkpoint
