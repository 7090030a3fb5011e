// One librdkafka client with our settings and our callbacks; everything that talks to Kafka starts
// here.
//
// Thread contract: on_log runs on librdkafka's threads; the other callbacks on whichever thread
// polls
//   the client (or destroys it).
// Cost: a client is some threads and a connection a broker; creating one takes about a millisecond.
// Lifetime: the ClientEvents must outlive the client.
//
//   struct Events : ClientEvents { void on_error(...) noexcept override { ... } };
//   Result<ClientHandle> c = make_client(config, ClientRole::kProducer, {}, events);
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <headrace/source/kafka/config.hpp>
#include <headrace/source/kafka/handles.hpp>
#include <headrace/source/kafka/log.hpp>

namespace headrace::source {

class ClientEvents {
 public:
  explicit ClientEvents(const ClientConfig& client) : log_(client.log, client.log_level) {}
  virtual ~ClientEvents() = default;
  ClientEvents(const ClientEvents&) = delete;
  ClientEvents& operator=(const ClientEvents&) = delete;

  [[nodiscard]] LogGate& log() noexcept { return log_; }
  // A line of librdkafka's log. Any thread.
  void on_log(int level, std::string_view facility, std::string_view message) noexcept;
  // Why a connection failed last, as librdkafka logged it: some reasons never reach on_error. Empty
  // where none did. Any thread.
  [[nodiscard]] std::string last_failure() const;
  virtual void on_error(rd_kafka_resp_err_t error, std::string_view reason) noexcept;
  // Must see to it that rd_kafka_assign (or its incremental sisters) is called, now or later.
  virtual void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t error,
                            rd_kafka_topic_partition_list_t* partitions) noexcept;
  virtual void on_delivery(const rd_kafka_message_t& message) noexcept;

 private:
  LogGate log_;
  mutable std::mutex mutex_;
  std::string last_failure_;
};

// A setting that headrace makes itself, after the user's.
using OwnSetting = std::pair<std::string, std::string>;

[[nodiscard]] base::Result<ClientHandle> make_client(const ClientConfig& client, ClientRole role,
                                                     std::span<const OwnSetting> own,
                                                     ClientEvents& events);

}  // namespace headrace::source
