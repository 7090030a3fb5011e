#include <headrace/sink/kafka/producer.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <headrace/source/kafka/client.hpp>
#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/settings.hpp>

namespace headrace::sink {

using source::kafka_error;
using source::kafka_error_text;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds kSlice{100};  // longest single wait, so that callers can notice Ctrl-C
// How long destruction may take before the client is left to itself.
constexpr milliseconds kDestroy{1'000};

using TopicHandles = std::map<std::string, source::TopicHandle, std::less<>>;

}  // namespace

struct KafkaProducer::Impl final : source::ClientEvents {
  explicit Impl(ProducerConfig c) : ClientEvents(c.client.log), config(std::move(c)) {}

  void on_error(rd_kafka_resp_err_t error, std::string_view reason) noexcept override {
    const std::lock_guard lock(mutex);
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
      first_failure = kafka_error_text(error, std::string(reason));
    } else if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || trouble.empty()) {
      trouble = source::reach_failure(reason, config.client.bootstrap);
    }
  }
  // Called for failures only (delivery.report.only.error).
  void on_delivery(const rd_kafka_message_t& message) noexcept override {
    failed.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(mutex);
    if (first_failure) return;
    first_failure = kafka_error(
        message.err, std::string("delivery to topic \"") + rd_kafka_topic_name(message.rkt) + '"');
    if (!trouble.empty()) first_failure->message += " (" + trouble + ')';
  }

  [[nodiscard]] rd_kafka_topic_t* topic(std::string_view name) {
    const std::lock_guard lock(mutex);
    auto found = topics.find(name);
    if (found == topics.end()) {
      if (!source::is_topic_name(name)) return nullptr;
      std::string owned(name);
      source::TopicHandle made(rd_kafka_topic_new(client.get(), owned.c_str(), nullptr));
      found = topics.emplace(std::move(owned), std::move(made)).first;
    }
    return found->second.get();
  }
  [[nodiscard]] base::Status produce(rd_kafka_topic_t* topic, const ProducerRecord& record);
  [[nodiscard]] rd_kafka_resp_err_t send(rd_kafka_topic_t* topic, const ProducerRecord& record);
  // An error that nobody has seen yet; seen once, the producer may go on.
  [[nodiscard]] base::Status take_failure() {
    const std::lock_guard lock(mutex);
    if (!first_failure) return {};
    base::Error error = *std::move(first_failure);
    first_failure.reset();
    return error;
  }

  ProducerConfig config;
  std::atomic<std::uint64_t> produced{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<bool> cancelled{false};
  std::mutex mutex;
  std::optional<base::Error> first_failure;
  std::string trouble;
  source::ClientHandle client;
  TopicHandles topics;  // go before the client
};

rd_kafka_resp_err_t KafkaProducer::Impl::send(rd_kafka_topic_t* topic,
                                              const ProducerRecord& record) {
  // librdkafka takes non-const pointers and, with F_COPY, only reads.
  auto* value = record.tombstone ? nullptr : const_cast<char*>(record.value.data());
  auto* key = record.has_key ? const_cast<char*>(record.key.data()) : nullptr;
  // A null pointer means a null key: an empty one needs an address.
  static char empty;
  if (record.has_key && key == nullptr) key = &empty;
  if (!record.tombstone && value == nullptr) value = &empty;
  const std::int64_t timestamp = record.timestamp_ms < 0 ? 0 : record.timestamp_ms;
  if (record.headers.empty()) {
    return rd_kafka_producev(
        client.get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(record.partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value, record.value.size()),
        RD_KAFKA_V_KEY(key, record.key.size()), RD_KAFKA_V_TIMESTAMP(timestamp), RD_KAFKA_V_END);
  }
  source::HeadersHandle headers(rd_kafka_headers_new(record.headers.size()));
  for (const auto& [name, text] : record.headers) {
    rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), text.data(),
                        static_cast<ssize_t>(text.size()));
  }
  const auto error = rd_kafka_producev(
      client.get(), RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(record.partition),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value, record.value.size()),
      RD_KAFKA_V_KEY(key, record.key.size()), RD_KAFKA_V_TIMESTAMP(timestamp),
      RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_END);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) static_cast<void>(headers.release());
  return error;
}

base::Status KafkaProducer::Impl::produce(rd_kafka_topic_t* topic, const ProducerRecord& record) {
  auto error = send(topic, record);
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
    const auto deadline = Clock::now() + config.queue_full_timeout;
    while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && !cancelled && Clock::now() < deadline) {
      rd_kafka_poll(client.get(), 1);
      error = send(topic, record);
    }
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::string what = std::string("topic \"") + rd_kafka_topic_name(topic) + '"';
    const std::lock_guard lock(mutex);
    if (!trouble.empty()) what += ": " + trouble;
    return kafka_error(error, what);
  }
  produced.fetch_add(1, std::memory_order_relaxed);
  return {};
}

KafkaProducer::KafkaProducer(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

KafkaProducer::~KafkaProducer() {
  if (!impl_->client.usable()) {  // a forked child: leave everything to the parent
    new std::shared_ptr<Impl>(std::move(impl_));
    return;
  }
  purge();
  source::run_within(
      [impl = std::move(impl_)] {
        impl->topics.clear();
        impl->client.reset();
      },
      kDestroy);
}

base::Result<std::unique_ptr<KafkaProducer>> KafkaProducer::create(ProducerConfig config) {
  auto impl = std::make_shared<Impl>(std::move(config));
  const std::vector<source::OwnSetting> own{
      {"delivery.timeout.ms", std::to_string(impl->config.delivery_timeout.count())}};
  auto client = source::make_client(impl->config.client, source::ClientRole::kProducer, own, *impl);
  if (!client) return client.error();
  impl->client = *std::move(client);
  return std::unique_ptr<KafkaProducer>(new KafkaProducer(std::move(impl)));
}

base::Status KafkaProducer::produce(const ProducerRecord& record) {
  return produce_batch(record.topic, {&record, 1});
}

base::Status KafkaProducer::produce_batch(std::string_view topic,
                                          std::span<const ProducerRecord> records,
                                          std::size_t* accepted) {
  std::size_t done = 0;
  rd_kafka_topic_t* handle = impl_->topic(topic);
  base::Status status;
  if (handle == nullptr) {
    status = base::invalid_argument("\"" + source::escape_controls(topic) +
                                    "\" is no topic name: 1 to 249 of a-z A-Z 0-9 . _ -");
  }
  while (status && done < records.size()) {
    status = impl_->produce(handle, records[done]);
    if (status) ++done;
  }
  rd_kafka_poll(impl_->client.get(), 0);
  if (accepted != nullptr) *accepted = done;
  return status;
}

void KafkaProducer::poll() noexcept { rd_kafka_poll(impl_->client.get(), 0); }

base::Result<bool> KafkaProducer::try_flush(milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  bool empty = false;
  do {
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    const auto slice = std::clamp(left, milliseconds{0}, kSlice);
    empty = rd_kafka_flush(impl_->client.get(), static_cast<int>(slice.count())) ==
            RD_KAFKA_RESP_ERR_NO_ERROR;
  } while (!empty && !impl_->cancelled && Clock::now() < end);
  if (base::Status ok = impl_->take_failure(); !ok) return ok.error();
  return empty;
}

base::Status KafkaProducer::flush(milliseconds deadline) {
  base::Result<bool> done = try_flush(deadline);
  if (!done) return done.error();
  if (*done) return {};
  std::string text = std::to_string(rd_kafka_outq_len(impl_->client.get())) +
                     " records are not acknowledged after " + std::to_string(deadline.count()) +
                     " ms";
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->trouble.empty()) text += ": " + impl_->trouble;
  return kafka_error_text(RD_KAFKA_RESP_ERR__TIMED_OUT, text);
}

ProducerCounts KafkaProducer::counts() const noexcept {
  ProducerCounts counts;
  const auto waiting = static_cast<std::uint64_t>(rd_kafka_outq_len(impl_->client.get()));
  counts.failed = impl_->failed.load();
  counts.produced = impl_->produced.load();
  const std::uint64_t open = counts.failed + waiting;
  counts.delivered = counts.produced > open ? counts.produced - open : 0;
  return counts;
}

void KafkaProducer::cancel() noexcept { impl_->cancelled = true; }

void KafkaProducer::purge() noexcept {
  rd_kafka_purge(impl_->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_poll(impl_->client.get(), 0);
}

}  // namespace headrace::sink
