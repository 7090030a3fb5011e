// A mock cluster with a topic for checkpoints, and what is in it.
#pragma once

#include <map>
#include <string>

#include "source/kafka_support.hpp"

namespace headrace::test {

struct Topic {
  explicit Topic(int partitions = 3) { cluster.topic("checkpoints", partitions); }

  // As a compacted topic will have it: the newest of each key that is no tombstone, by partition.
  [[nodiscard]] std::map<std::pair<int, std::string>, Got> remaining() const {
    auto config = cluster.config({"checkpoints"});
    config.bounded = true;
    auto source = source::make_kafka_source(config).value_or_throw();
    std::map<std::pair<int, std::string>, Got> found;
    for (const Got& record : read_all(*source).records) {
      if (record.value.empty()) {
        found.erase({record.partition, record.key});
      } else {
        found[{record.partition, record.key}] = record;
      }
    }
    return found;
  }

  Cluster cluster;
};

}  // namespace headrace::test
