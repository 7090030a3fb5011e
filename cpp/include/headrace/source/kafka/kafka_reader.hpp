// The source behind make_kafka_source: one consumer, polled by one ingest thread.
//
// Messages are taken in batches and turned into RawRecords that point into them; what librdkafka
// and the helper thread have to say in between becomes events. Order within a poll: first what
// happened, then records; what is true only after the records (an end was reached) is said with the
// next poll.
//
// Thread contract: see source/source.hpp.
// Cost: see kafka_source.hpp; per record 70 instructions over a bare loop.
// Lifetime: records are valid until the next poll or close.
//
//   KafkaReader reader(config, Share{}, topics);
//   if (base::Status ok = reader.connect(); !ok) return ok.error();
//   base::Result<Poll> poll = reader.poll(100ms);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <headrace/source/kafka/assignment.hpp>
#include <headrace/source/kafka/consumer.hpp>
#include <headrace/source/kafka/flow.hpp>
#include <headrace/source/kafka/link.hpp>

namespace headrace::source {

class KafkaReader final : public Source, private ConsumerListener {
 public:
  KafkaReader(KafkaSourceConfig config, Share share, std::shared_ptr<TopicTable> topics)
      : config_(std::move(config)),
        share_(share),
        topics_(std::move(topics)),
        assignment_(topics_),
        messages_(config_.poll_max),
        records_(config_.poll_max),
        link_(config_.client) {}
  ~KafkaReader() override { close(std::chrono::seconds{1}); }

  base::Status connect();

  base::Result<Poll> poll(std::chrono::milliseconds timeout) override;
  int attempts(const RawRecord& record) const override;
  void pause(std::span<const record::TaskId> tasks) override { flow_.pause(tasks); }
  void resume(std::span<const record::TaskId> tasks) override {
    flow_.resume(tasks, consumer_.get());
  }
  base::Status commit(std::span<const TaskPosition> positions,
                      std::chrono::milliseconds deadline) override;
  std::vector<TaskPosition> positions() const override;
  std::vector<std::string> topics() const override { return topics_->names(); }
  base::Result<std::string> membership() override;
  Connection connection() const noexcept override { return link_.connection(); }
  void wake() noexcept override;
  void close(std::chrono::milliseconds deadline) noexcept override;

 private:
  // librdkafka calls these while we take messages.
  void on_client_error(rd_kafka_resp_err_t error, std::string_view reason) override;
  void on_assign(std::vector<TopicPartition> partitions) override;
  void on_revoke(std::vector<TopicPartition> partitions) override;

  [[nodiscard]] bool in_group() const noexcept { return !config_.group.empty() && config_.join; }
  void serve(const Notice& notice);
  void begin(const Notice& notice);
  void reposition(const Notice& notice);
  void unassign_left();
  void rebuild();

  std::size_t wait_and_take(std::chrono::steady_clock::time_point deadline);
  void convert(std::size_t count);
  void message_error(const rd_kafka_message_t& message, Slot* slot);
  void other_error(const rd_kafka_message_t& message, const Slot* slot);
  void end_of_log(std::int64_t offset, Slot& slot);
  void watch_transactions();
  void skip_poison(const rd_kafka_message_t& message, Slot& slot);
  void reached(Slot& slot);
  [[nodiscard]] bool all_done() const;
  void free_messages() noexcept;

  void trouble(rd_kafka_resp_err_t error, std::string_view reason);
  void healed();
  void unanswered(const base::Error& error);
  void log_outage();
  void check_timeout();
  [[nodiscard]] base::Error in_words(base::Error error, const Slot* slot) const;
  void fatal();
  void say(EventKind kind, base::Error error = {});
  void say(EventKind kind, const Slot& slot);
  void require(const base::Status& status) {
    if (!status) failure_ = status.error();
  }

  KafkaSourceConfig config_;
  Share share_;
  std::shared_ptr<TopicTable> topics_;
  Assignment assignment_;
  mutable std::mutex consumer_mutex_;  // wake(), membership() against replacing the consumer
  std::shared_ptr<Consumer> consumer_;

  std::vector<rd_kafka_message_t*> messages_;
  std::size_t taken_ = 0;  // messages that the caller may be reading
  std::vector<RawRecord> records_;
  std::size_t filled_ = 0;
  std::vector<SourceEvent> events_;
  std::vector<SourceEvent> next_events_;  // true only after this poll's records
  std::optional<base::Error> failure_;
  std::optional<base::Error> waiting_;  // for a topic, or for the end of a transaction
  bool blocked_ = false;                // the latter
  Link link_;
  std::chrono::steady_clock::time_point out_since_;
  bool logged_out_ = false;
  bool slow_commits_ = false;  // the last one was not acknowledged
  const std::chrono::steady_clock::time_point made_at_ = std::chrono::steady_clock::now();
  Flow flow_{assignment_, in_group()};

  std::uint64_t generation_ = 0;   // of the last group assignment
  bool assign_pending_ = false;    // the group waits for our assign()
  bool unassign_pending_ = false;  // or for our unassign()
  bool complete_ = false;          // every partition of a bounded read is known
  bool checked_cover_ = false;     // whether the group reads them all

  bool fenced_ = false;
  std::optional<std::chrono::steady_clock::time_point> rebuilt_;
};

}  // namespace headrace::source
