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
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
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
  explicit Consumer(const ClientConfig& client) : ClientEvents(client), config_(client) {}

  [[nodiscard]] bool usable() const noexcept { return client_.usable(); }
  [[nodiscard]] Watcher& watcher() noexcept { return *watcher_; }

  // What to tell librdkafka about partitions; Place::offset is where to read on.
  // Reads these too (directly or cooperatively), or these only (a group with the eager protocol).
  [[nodiscard]] base::Status assign(const std::vector<Place>& places);
  // Gives these back (cooperatively), or everything (eagerly).
  [[nodiscard]] base::Status unassign(const std::vector<Place>& places);
  // Begins again at `place`, also after an offset error, where librdkafka has given the partition
  // up and a seek does not start it again; `all` are all places that are ours.
  [[nodiscard]] base::Status assign_again(const Place& place, const std::vector<Place>& all);
  void seek(const Place& place);
  // Has the group share its partitions out again, if this member is the one that does so.
  [[nodiscard]] base::Status join_again(const KafkaSourceConfig& config);
  void pause(const std::vector<Place>& places);
  void resume(const std::vector<Place>& places);
  // Commits Place::offset for the group, waiting for at most `deadline`; a wake() ends a wait that
  // may be longer than Source::kShortCommit.
  [[nodiscard]] base::Status commit(const std::vector<Place>& places,
                                    std::chrono::milliseconds deadline);
  // Low and high watermark as of the last fetch; -1 where not known.
  [[nodiscard]] OffsetRange watermarks(const std::string& topic, std::int32_t partition) const;
  // As Source::membership(). Any thread, also during and after shutdown().
  [[nodiscard]] base::Result<std::string> membership();
  // The error behind RD_KAFKA_RESP_ERR__FATAL.
  [[nodiscard]] base::Error fatal_error() const;

  // Waits for the first message, then takes what is there. Serves callbacks meanwhile. Returns
  // early, with nothing, after wake() or post().
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
  [[nodiscard]] bool incremental() const;

  ClientConfig config_;
  ConsumerListener* listener_ = nullptr;
  std::string group_;  // empty: direct assignment
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Notice> inbox_;
  std::atomic<bool> has_notices_{false};
  std::atomic<bool> woken_{false};
  std::mutex client_use_;  // membership() against shutdown()
  // Destroyed in reverse: the helper thread first, the client last.
  ClientHandle client_;
  QueueHandle queue_;
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace headrace::source
