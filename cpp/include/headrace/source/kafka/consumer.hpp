// A consumer client with its queue, its helper thread and the inbox between the two.
//
// Thread contract: take() and the listener's callbacks on the ingest thread; wake() and post() on
//   any; shutdown() once, on any thread, after set_listener(nullptr) by the ingest thread.
// Cost: two librdkafka calls a batch.
// Lifetime: messages of take() must be destroyed before shutdown().
//
//   auto consumer = Consumer::create(config, share, topics, listener);
//   std::size_t n = (*consumer)->take(messages, 100ms);
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include <headrace/source/kafka/client.hpp>
#include <headrace/source/kafka/watcher.hpp>

namespace headrace::source {

// What librdkafka calls back while the ingest thread polls.
class ConsumerListener {
 public:
  virtual ~ConsumerListener() = default;
  virtual void on_client_error(rd_kafka_resp_err_t error, std::string_view reason) = 0;
  virtual void on_assign(std::vector<TopicPartition> partitions) = 0;
  virtual void on_revoke(std::vector<TopicPartition> partitions) = 0;
};

// Of several sources over the same topics, one: see make_kafka_sources.
struct Share {
  std::size_t index = 0;
  std::size_t count = 1;
};

class Consumer final : public ClientEvents {
 public:
  [[nodiscard]] static base::Result<std::shared_ptr<Consumer>> create(
      const KafkaSourceConfig& config, Share share, std::shared_ptr<TopicTable> topics,
      ConsumerListener* listener);
  explicit Consumer(LogSink log) : ClientEvents(std::move(log)) {}

  [[nodiscard]] rd_kafka_t* client() const noexcept { return client_.get(); }
  [[nodiscard]] bool usable() const noexcept { return client_.usable(); }
  [[nodiscard]] Watcher& watcher() noexcept { return *watcher_; }

  // Waits for the first message, then takes what is there. Serves callbacks meanwhile. Returns early,
  // with nothing, after wake() or post().
  [[nodiscard]] std::size_t take(std::span<rd_kafka_message_t*> messages,
                                 std::chrono::milliseconds timeout);
  // Waits without taking anything: what is prefetched stays where it is.
  void idle(std::chrono::milliseconds timeout);
  // What the helper thread posted since; cheap where there is nothing.
  [[nodiscard]] std::vector<Notice> notices();
  [[nodiscard]] bool take_wake() noexcept {
    return woken_.load(std::memory_order_relaxed) && woken_.exchange(false);
  }
  void wake() noexcept;

  void set_listener(ConsumerListener* listener) noexcept { listener_ = listener; }
  // Leaves the group, joins the helper thread, destroys the client. May take long.
  void shutdown();

  void on_error(rd_kafka_resp_err_t error, std::string_view reason) noexcept override;
  void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t error,
                    rd_kafka_topic_partition_list_t* partitions) noexcept override;

 private:
  void post(Notice notice);

  ConsumerListener* listener_ = nullptr;
  bool in_group_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Notice> inbox_;
  std::atomic<bool> has_notices_{false};
  std::atomic<bool> woken_{false};
  // Destroyed in reverse: the helper thread first, the client last.
  ClientHandle client_;
  QueueHandle queue_;
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace headrace::source
