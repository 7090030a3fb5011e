// An in-process Kafka for first runs and tests: librdkafka's mock brokers on loopback ports.
//
// It speaks the protocol over real sockets (groups and idempotent producers included), keeps about
// 5 MB a partition and forgets everything with the process. Not for production: experimental
// upstream.
//
// Thread contract: any thread.
// Cost: one thread and one listening socket a broker.
//
//   MockCluster cluster = MockCluster::start(1).value_or_throw();
//   cluster.create_topic("ohlcv", 4);
//   KafkaSourceConfig config{.client = {.bootstrap = cluster.bootstrap()}, .topics = {"ohlcv"}};
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <headrace/base/error.hpp>

namespace headrace::source {

class MockCluster {
 public:
  [[nodiscard]] static base::Result<MockCluster> start(int brokers = 1);
  ~MockCluster();
  MockCluster(MockCluster&&) noexcept;
  MockCluster& operator=(MockCluster&&) noexcept;

  [[nodiscard]] const std::string& bootstrap() const noexcept;
  [[nodiscard]] base::Status create_topic(const std::string& name, int partitions);

  // Faults, for tests. Brokers count from 1.
  [[nodiscard]] base::Status set_broker_up(int broker, bool up);
  [[nodiscard]] base::Status set_round_trip(int broker, int milliseconds);
  // -1: the partition has no leader.
  [[nodiscard]] base::Status set_leader(const std::string& topic, std::int32_t partition,
                                        int broker);
  // The next answers to requests of this Kafka API key fail with this error code.
  void push_request_error(std::int16_t api_key, int error, int times);
  // Errors that were pushed for this API key and have not been answered yet are taken back.
  void clear_request_errors(std::int16_t api_key);
  // Counts requests from now on.
  void track_requests();
  [[nodiscard]] int requests(std::int16_t api_key) const;
  // Everything before `offset` is gone, as after retention.
  [[nodiscard]] base::Status delete_records(const std::string& topic, std::int32_t partition,
                                            std::int64_t offset);

 private:
  struct Impl;
  explicit MockCluster(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::source
