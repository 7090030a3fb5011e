// Topics of a cluster: list, create, delete, watermarks.
//
// Thread contract: one thread at a time.
// Cost: one connection for the object's life, one round trip a call; every call has its deadline.
//
//   auto admin = KafkaAdmin::connect({.bootstrap = "localhost:9092"}).value_or_throw();
//   base::Status s = admin.create_topic({.name = "ohlcv", .partitions = 4}, 5s);
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/source/kafka/config.hpp>

namespace headrace::source {

struct TopicInfo {
  std::string name;
  int partitions = 0;
};

struct NewTopic {
  std::string name;
  int partitions = 1;
  int replication = 1;
  std::map<std::string, std::string> config;  // e.g. retention.ms
};

struct Watermarks {
  std::int32_t partition = 0;
  std::int64_t low = 0;
  std::int64_t high = 0;
};

class KafkaAdmin {
 public:
  // Checks the settings; connects with the first call.
  [[nodiscard]] static base::Result<KafkaAdmin> connect(const ClientConfig& client);
  ~KafkaAdmin();
  KafkaAdmin(KafkaAdmin&&) noexcept;
  KafkaAdmin& operator=(KafkaAdmin&&) noexcept;

  // Sorted by name. BrokerUnavailable, with the address, where nobody answers.
  [[nodiscard]] base::Result<std::vector<TopicInfo>> topics(std::chrono::milliseconds deadline);
  // TopicNotFound with the nearest name where it does not exist.
  [[nodiscard]] base::Result<TopicInfo> topic(std::string_view name,
                                              std::chrono::milliseconds deadline);
  // A topic that exists already is an error with native_code
  // RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS.
  [[nodiscard]] base::Status create_topic(const NewTopic& topic,
                                          std::chrono::milliseconds deadline);
  [[nodiscard]] base::Status delete_topic(const std::string& name,
                                          std::chrono::milliseconds deadline);
  // By partition; the high watermark is the next offset to be written.
  [[nodiscard]] base::Result<std::vector<Watermarks>> watermarks(
      std::string_view topic, std::chrono::milliseconds deadline);
  // By partition, the first offset of that time (milliseconds since 1970) or later, by the times of
  // the Kafka records; the high watermark where there is none.
  [[nodiscard]] base::Result<std::vector<std::int64_t>> offsets_at(
      std::string_view topic, std::int64_t timestamp_ms, std::chrono::milliseconds deadline);

 private:
  struct Impl;
  explicit KafkaAdmin(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

// topic "ohclv" does not exist on 127.0.0.1:9092 (did you mean "ohlcv"?)
[[nodiscard]] std::string topic_missing(std::string_view topic, std::string_view bootstrap,
                                        const std::vector<std::string>& existing);

}  // namespace headrace::source
