#include <headrace/sink/kafka/kafka_transactions.hpp>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include <headrace/base/failpoint.hpp>
#include <headrace/sink/kafka/transaction_error.hpp>
#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/kafka_source.hpp>

namespace headrace::sink {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kAsk{5'000};
constexpr milliseconds kFlushSlice{50};

class KafkaTransactions final : public TransactionLog {
 public:
  explicit KafkaTransactions(KafkaTransactionsConfig config)
      : config_(std::move(config)), writer_(config_.topics) {}

  base::Status init() override;
  base::Status begin() override;
  base::Status write(const Output& output) override;
  base::Status flush() override;
  base::Result<std::string> membership() override;
  base::Status send_positions(const std::string& membership,
                              std::span<const Position> positions) override;
  base::Status commit() override;
  base::Result<std::vector<Mark>> committed(std::span<const Partition> partitions) override;
  void renew() noexcept override;
  base::Status rest(milliseconds time) override;
  std::string trouble() const override;
  void cancel() noexcept override;

 private:
  // What an error of producing means for the transaction.
  [[nodiscard]] base::Status judged(base::Status status);
  [[nodiscard]] base::Status stopped() const;
  [[nodiscard]] std::shared_ptr<KafkaProducer> producer() const;

  KafkaTransactionsConfig config_;
  KafkaWriter writer_;
  mutable std::mutex mutex_;
  std::condition_variable cancelled_now_;
  std::shared_ptr<KafkaProducer> producer_;  // under the mutex: cancel() uses it too
  bool cancelled_ = false;                   // likewise
};

base::Status KafkaTransactions::init() {
  if (base::Status status = stopped(); !status) return status;
  base::Result<std::unique_ptr<KafkaProducer>> made = KafkaProducer::create(config_.producer);
  if (!made) return made.error();
  {
    const std::lock_guard lock(mutex_);
    producer_ = *std::move(made);
    if (cancelled_) producer_->cancel();  // while it was being made there was none to tell
  }
  HEADRACE_FAILPOINT("transaction.before_init");
  return producer()->init_transactions(TransactionDeadlines::kInit);
}

base::Status KafkaTransactions::begin() { return producer()->begin_transaction(); }

base::Status KafkaTransactions::write(const Output& output) {
  const std::shared_ptr<KafkaProducer> to = producer();
  base::Status status;
  if (output.rows) status = writer_.write(*to, *output.rows);
  if (status && output.rejects) status = writer_.write(*to, *output.rejects);
  HEADRACE_FAILPOINT("transaction.after_produce");
  return judged(std::move(status));
}

base::Status KafkaTransactions::flush() {
  const std::shared_ptr<KafkaProducer> of = producer();
  const Clock::time_point until = Clock::now() + TransactionDeadlines::kFlush;
  while (Clock::now() < until) {
    const base::Result<bool> done = of->try_flush(kFlushSlice);
    if (!done) return judged(done.error());
    if (*done) {
      HEADRACE_FAILPOINT("transaction.after_flush");
      return {};
    }
    if (base::Status status = stopped(); !status) return status;
  }
  const std::string trouble = of->trouble();
  return base::Error{
      .code = base::ErrorCode::kKafka,
      .message = trouble.empty() ? "results are not acknowledged: no answer" : trouble,
      .retriable = true,
      .native_code = RD_KAFKA_RESP_ERR__TIMED_OUT};
}

base::Result<std::string> KafkaTransactions::membership() {
  if (config_.membership) return config_.membership();
  return source::membership_of(config_.group);
}

base::Status KafkaTransactions::send_positions(const std::string& membership,
                                               std::span<const Position> positions) {
  std::vector<GroupOffset> offsets;
  for (const Position& position : positions) {
    offsets.push_back({.topic = position.partition.first,
                       .partition = position.partition.second,
                       .offset = position.mark.offset,
                       .metadata = position.mark.metadata});
  }
  HEADRACE_FAILPOINT("transaction.before_positions");
  if (offsets.empty()) return {};
  base::Status status = producer()->send_offsets(membership, offsets, TransactionDeadlines::kCall);
  HEADRACE_FAILPOINT("transaction.after_positions");
  return status;
}

base::Status KafkaTransactions::commit() {
  HEADRACE_FAILPOINT("transaction.before_end");
  base::Status status = producer()->commit_transaction(TransactionDeadlines::kCall);
  HEADRACE_FAILPOINT("transaction.after_end");
  return status;
}

base::Result<std::vector<Mark>> KafkaTransactions::committed(
    std::span<const Partition> partitions) {
  std::vector<GroupOffset> asked;
  for (const auto& [topic, partition] : partitions) {
    asked.push_back({.topic = topic, .partition = partition, .metadata = {}});
  }
  if (asked.empty()) return std::vector<Mark>{};
  base::Result<std::vector<GroupOffset>> found =
      producer()->committed_offsets(config_.group, asked, kAsk);
  if (!found) return found.error();
  std::vector<Mark> marks;
  for (GroupOffset& one : *found) {
    marks.push_back({.offset = one.offset, .metadata = std::move(one.metadata)});
  }
  return marks;
}

// Destroyed in the background: a client may take long to die, and may not at all.
void KafkaTransactions::renew() noexcept {
  const std::lock_guard lock(mutex_);
  if (!producer_) return;
  producer_->abandon();
  producer_.reset();
}

base::Status KafkaTransactions::rest(milliseconds time) {
  std::unique_lock lock(mutex_);
  cancelled_now_.wait_for(lock, time, [this] { return cancelled_; });
  lock.unlock();
  return stopped();
}

std::string KafkaTransactions::trouble() const {
  const std::shared_ptr<KafkaProducer> of = producer();
  return of ? of->trouble() : std::string();
}

void KafkaTransactions::cancel() noexcept {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (producer_) producer_->cancel();
  cancelled_now_.notify_all();
}

base::Status KafkaTransactions::judged(base::Status status) {
  if (status) return status;
  base::Error error = of_transaction(status.error());
  const std::string& dead_letters = config_.topics.dead_letter_topic;
  if (error.retriable || dead_letters.empty() || producer()->failed_topic() != dead_letters) {
    return error;
  }
  error.retriable = true;
  const bool too_large = error.native_code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
  if (!too_large || !writer_.shorten_dead_letters()) {
    error.message += "; waiting for it: no record is skipped";
  }
  return error;
}

base::Status KafkaTransactions::stopped() const {
  const std::lock_guard lock(mutex_);
  if (!cancelled_) return {};
  return base::Error{.code = base::ErrorCode::kCancelled, .message = "the stream is stopping"};
}

std::shared_ptr<KafkaProducer> KafkaTransactions::producer() const {
  const std::lock_guard lock(mutex_);
  return producer_;
}

}  // namespace

base::Result<std::unique_ptr<TransactionLog>> make_kafka_transactions(
    KafkaTransactionsConfig config) {
  if (base::Status status = check(config.topics); !status) return status.error();
  if (config.group.empty() || config.producer.transactional_id.empty()) {
    return base::invalid_argument("exactly once needs a group and a transactional id");
  }
  // A record that is not acknowledged for so long takes its transaction with it, not the other way
  // round.
  milliseconds& delivery = config.producer.delivery_timeout;
  delivery = std::min(delivery, TransactionDeadlines::kFlush);
  const std::string limit = config.producer.client.setting("transaction.timeout.ms");
  std::int64_t ms = 0;
  if (std::from_chars(limit.data(), limit.data() + limit.size(), ms).ec == std::errc{} && ms > 0) {
    delivery = std::min(delivery, milliseconds(ms));
  }
  // Says at once what is wrong with the settings.
  base::Result<std::unique_ptr<KafkaProducer>> probe = KafkaProducer::create(config.producer);
  if (!probe) return probe.error();
  return std::unique_ptr<TransactionLog>(std::make_unique<KafkaTransactions>(std::move(config)));
}

}  // namespace headrace::sink
