#include <headrace/sink/kafka/producer.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <vector>

#include <headrace/source/kafka/client.hpp>
#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/metadata.hpp>
#include <headrace/source/kafka/settings.hpp>

namespace headrace::sink {

using source::kafka_error_text;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds kSlice{100};       // longest single wait, so that callers can notice Ctrl-C
constexpr milliseconds kAskAgain{1'000};  // why nothing is acknowledged
// How long destruction may take before the client is left to itself.
constexpr milliseconds kDestroy{1'000};

// Given up unsent, by us or since its transaction has failed.
bool is_dropped(int code) {
  return code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

using TopicHandles = std::map<std::string, source::TopicHandle, std::less<>>;

}  // namespace

// Why nothing is acknowledged, and of which topic that is so; empty: of none in particular.
struct Stall {
  std::string why;
  std::string topic;
};

struct KafkaProducer::Impl final : source::ClientEvents {
  explicit Impl(ProducerConfig c) : ClientEvents(c.client), config(std::move(c)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  // Whoever is called back while the client ends finds all members.
  ~Impl() override {
    topics.clear();
    client.reset();
  }

  void on_error(rd_kafka_resp_err_t error, std::string_view reason) noexcept override {
    const std::lock_guard lock(mutex);
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
      first_failure = fatal(topics.empty() ? std::string() : topics.begin()->first);
    } else if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      base::Error known = source::connection_error(error, reason, config.client);
      trouble = known.message;
      if (!known.retriable && !first_failure) first_failure = std::move(known);
    } else if (trouble.empty()) {
      trouble = "cannot reach " + config.client.bootstrap + ": no answer";
    }
  }
  // Called for failures only (delivery.report.only.error).
  void on_delivery(const rd_kafka_message_t& message) noexcept override {
    failed.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(mutex);
    // What was dropped because of another record says nothing of that one.
    if (first_failure && (!is_dropped(first_failure->native_code) || is_dropped(message.err))) {
      return;
    }
    failed_topic = rd_kafka_topic_name(message.rkt);
    first_failure = undelivered(message.err, failed_topic);
    if (message.err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT && !trouble.empty()) {
      first_failure->message += " (" + trouble + ')';
    }
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
  [[nodiscard]] rd_kafka_error_t* init_transactions(milliseconds deadline);
  [[nodiscard]] base::Error undelivered(rd_kafka_resp_err_t error, const std::string& topic) const;
  [[nodiscard]] base::Error fatal(const std::string& topic) const;
  [[nodiscard]] base::Error why_dropped(base::Error error);
  [[nodiscard]] int waiting() const;  // records that are not acknowledged
  void note_stall(bool empty);
  [[nodiscard]] Stall why_stalled();
  [[nodiscard]] rd_kafka_resp_err_t send(rd_kafka_topic_t* topic, const ProducerRecord& record);
  // An error that nobody has seen yet; seen once, the producer may go on.
  [[nodiscard]] base::Status take_failure() {
    std::unique_lock lock(mutex);
    if (!first_failure) return {};
    base::Error error = *std::move(first_failure);
    first_failure.reset();
    lock.unlock();
    return is_dropped(error.native_code) ? why_dropped(std::move(error)) : error;
  }

  ProducerConfig config;
  std::atomic<std::uint64_t> produced{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<bool> cancelled{false};
  std::mutex mutex;
  std::optional<base::Error> first_failure;
  std::string failed_topic;
  std::string trouble;  // with the connection; under the mutex, as what follows
  Stall stalled;
  std::mutex stall_turn;
  std::optional<Clock::time_point> waiting_since;  // under stall_turn: that flushes wait in vain
  Clock::time_point ask_again{};                   // likewise
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
    base::Error told = undelivered(error, rd_kafka_topic_name(topic));
    // The transaction has failed before: that is what there is to say.
    if (error == RD_KAFKA_RESP_ERR__STATE) {
      rd_kafka_poll(client.get(), 0);
      base::Status before = take_failure();
      return before ? why_dropped(std::move(told)) : before;
    }
    const std::lock_guard lock(mutex);
    failed_topic = rd_kafka_topic_name(topic);
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && !trouble.empty()) {
      told.message += " (" + trouble + ')';
    }
    return told;
  }
  produced.fetch_add(1, std::memory_order_relaxed);
  return {};
}

// Why a record will not be on the broker, in the user's words.
base::Error KafkaProducer::Impl::undelivered(rd_kafka_resp_err_t error,
                                             const std::string& topic) const {
  const std::string lead = "cannot write to \"" + topic + "\" on " + config.client.bootstrap + ": ";
  switch (error) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return source::not_allowed(error, "write to", "topic", topic, "WRITE", config.client);
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
      return kafka_error_text(
          error, lead + "the broker's disk has failed or is full (KAFKA_STORAGE_ERROR)");
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return kafka_error_text(
          error, lead +
                     "too few of its replicas are in sync (NOT_ENOUGH_REPLICAS); see the topic's "
                     "min.insync.replicas");
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return kafka_error_text(
          error, lead +
                     "a record is larger than may be sent (MSG_SIZE_TOO_LARGE); see the topic's "
                     "max.message.bytes, and config={\"message.max.bytes\": ...}");
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return kafka_error_text(error, lead + "the topic does not exist; create it first");
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
      return kafka_error_text(error, lead + "no acknowledgement within " +
                                         std::to_string(config.delivery_timeout.count() / 1000) +
                                         " s" + (stalled.why.empty() ? "" : ": " + stalled.why));
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return kafka_error_text(error, lead + "too many records wait for an acknowledgement");
    case RD_KAFKA_RESP_ERR__FATAL:
      return fatal(topic);
    default:
      return kafka_error_text(error, lead + rd_kafka_err2str(error));
  }
}

// A transaction that the broker refuses for a topic has all its records dropped, and the reason is
// told to whoever would begin another one, which is no more possible then. It does not name the
// topic: where there are several, the error stays one that may pass.
base::Error KafkaProducer::Impl::why_dropped(base::Error error) {
  if (config.transactional_id.empty()) return error;
  const source::ErrorHandle reason(rd_kafka_begin_transaction(client.get()));
  if (!reason || !rd_kafka_error_txn_requires_abort(reason.get())) return error;
  const rd_kafka_resp_err_t code = rd_kafka_error_code(reason.get());
  const std::lock_guard lock(mutex);
  if (topics.size() == 1) {
    failed_topic = topics.begin()->first;
    return undelivered(code, failed_topic);
  }
  std::string names;
  for (const auto& [name, handle] : topics) names += (names.empty() ? "\"" : "\" or \"") + name;
  error.message = "cannot write to " + names + "\" on " + config.client.bootstrap + ": " +
                  rd_kafka_err2str(code) + " (" + rd_kafka_err2name(code) + ')';
  return error;
}

// What ended the client. Who may write to no topic at all is refused before the first record,
// without a word of a topic.
base::Error KafkaProducer::Impl::fatal(const std::string& topic) const {
  char reason[512];
  const auto error = rd_kafka_fatal_error(client.get(), reason, sizeof reason);
  if (source::code_of(error) == base::ErrorCode::kAuthorization && !topic.empty()) {
    return undelivered(error, topic);
  }
  return kafka_error_text(error, reason);
}

// What retrying goes on for is not reported by librdkafka: after a while, look at the topic.
void KafkaProducer::Impl::note_stall(bool empty) {
  const std::unique_lock turn(stall_turn, std::try_to_lock);
  if (!turn.owns_lock()) return;
  const auto now = Clock::now();
  if (empty) {
    if (!waiting_since) return;
    waiting_since.reset();
    const std::lock_guard lock(mutex);
    stalled = {};
    return;
  }
  if (!waiting_since) waiting_since = now;
  if (now - *waiting_since < kStall || now < ask_again || cancelled) return;
  ask_again = now + kAskAgain;
  Stall why = why_stalled();
  const std::lock_guard lock(mutex);
  stalled = std::move(why);
}

Stall KafkaProducer::Impl::why_stalled() {
  std::vector<std::string> names;
  std::string known;
  {
    const std::lock_guard lock(mutex);
    for (const auto& [name, handle] : topics) names.push_back(name);
    known = trouble;
  }
  for (const std::string& name : names) {
    const auto answer = source::metadata(client.get(), &name, kSlice);
    if (!answer) return {.why = known.empty() ? "the brokers do not answer" : known, .topic = {}};
    const rd_kafka_metadata_topic_t& topic = (*answer)->topics[0];
    if (source::is_missing(topic.err)) {
      return {.why = "the topic does not exist; create it first", .topic = name};
    }
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return {.why = rd_kafka_err2str(topic.err), .topic = name};
    }
    for (int i = 0; i < topic.partition_cnt; ++i) {
      const rd_kafka_metadata_partition_t& partition = topic.partitions[i];
      const std::string which = name + '[' + std::to_string(partition.id) + ']';
      if (partition.leader < 0) {
        return {
            .why = which + " has no leader: its broker is down, or its disk has failed or is full",
            .topic = name};
      }
      if (partition.isr_cnt < partition.replica_cnt) {
        return {.why = which + " has " + std::to_string(partition.isr_cnt) + " of " +
                       std::to_string(partition.replica_cnt) + " replicas in sync",
                .topic = name};
      }
    }
  }
  return {.why = "the broker does not acknowledge", .topic = {}};
}

// Without a poll, errors that nobody has heard yet would count as records. Not under the mutex.
int KafkaProducer::Impl::waiting() const {
  rd_kafka_poll(client.get(), 0);
  return rd_kafka_outq_len(client.get());
}

std::string KafkaProducer::trouble() const {
  const std::string waiting = std::to_string(impl_->waiting());
  const std::lock_guard lock(impl_->mutex);
  if (impl_->stalled.why.empty()) return {};
  std::string topic = impl_->stalled.topic;
  if (topic.empty()) {
    for (const auto& [name, handle] : impl_->topics) topic += (topic.empty() ? "" : ", ") + name;
  }
  return "cannot write to \"" + topic + "\" on " + impl_->config.client.bootstrap + ": " +
         impl_->stalled.why + "; retrying, " + waiting + " records wait";
}

KafkaProducer::KafkaProducer(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

KafkaProducer::~KafkaProducer() {
  if (!impl_->client.usable()) {  // a forked child: leave everything to the parent
    new std::shared_ptr<Impl>(std::move(impl_));
    return;
  }
  purge();
  // A transactional call that was given up still uses the client, which then ends with that call.
  source::run_within([impl = std::move(impl_)]() mutable { impl.reset(); },
                     abandoned_ ? milliseconds{0} : kDestroy);
}

base::Result<std::unique_ptr<KafkaProducer>> KafkaProducer::create(ProducerConfig config) {
  auto impl = std::make_shared<Impl>(std::move(config));
  std::vector<source::OwnSetting> own{
      {"delivery.timeout.ms", std::to_string(impl->config.delivery_timeout.count())}};
  if (!impl->config.transactional_id.empty()) {
    own.emplace_back("transactional.id", impl->config.transactional_id);
  }
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

void KafkaProducer::abandon() noexcept { abandoned_ = true; }

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
  impl_->note_stall(empty);
  if (base::Status ok = impl_->take_failure(); !ok) return ok.error();
  return empty;
}

base::Status KafkaProducer::flush(milliseconds deadline) {
  base::Result<bool> done = try_flush(deadline);
  if (!done) return done.error();
  if (*done) return {};
  std::string text = std::to_string(impl_->waiting()) + " records are not acknowledged after " +
                     std::to_string(deadline.count()) + " ms";
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->trouble.empty()) text += ": " + impl_->trouble;
  return kafka_error_text(RD_KAFKA_RESP_ERR__TIMED_OUT, text);
}

ProducerCounts KafkaProducer::counts() const noexcept {
  ProducerCounts counts;
  const auto waiting = static_cast<std::uint64_t>(impl_->waiting());
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

std::string KafkaProducer::failed_topic() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->failed_topic;
}

// ---- transactions

namespace {

// How much longer than librdkafka itself we wait for an answer.
constexpr milliseconds kOverdue{500};
// How long one attempt to begin may take.
constexpr milliseconds kFirstInit{40};
constexpr milliseconds kLastInit{640};
// How much longer once we are cancelled: what a broker that is well needs.
constexpr milliseconds kLastAnswer{50};

// What is the user's to mend; all else may be gone with another producer.
bool is_final(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE:
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR__NOT_CONFIGURED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      return true;
    default:
      return false;
  }
}

base::Error of_transaction(rd_kafka_resp_err_t code, const std::string& text) {
  base::Error error = kafka_error_text(code, text);
  if (source::is_fenced(code)) error.code = base::ErrorCode::kFenced;
  error.retriable = !is_final(code);
  return error;
}

base::Status status_of(rd_kafka_error_t* raw, const std::string& what) {
  const source::ErrorHandle error(raw);
  if (!error) return {};
  return of_transaction(rd_kafka_error_code(error.get()),
                        what + ": " + rd_kafka_error_string(error.get()));
}

base::Error stopping() {
  return {.code = base::ErrorCode::kCancelled, .message = "the stream is stopping"};
}

// `call` owns all that it uses: it may go on when nobody waits for it any more.
base::Status within(milliseconds deadline, const std::string& what,
                    const std::atomic<bool>& cancelled, std::function<rd_kafka_error_t*()> call) {
  auto answer = std::make_shared<base::Status>();
  std::optional<Clock::time_point> since;
  const auto give_up = [&cancelled, &since] {
    if (!cancelled) return false;
    if (!since) since = Clock::now();
    return Clock::now() - *since >= kLastAnswer;
  };
  const bool answered = source::run_within(
      [answer, what, call = std::move(call)] { *answer = status_of(call(), what); },
      deadline + kOverdue, give_up);
  // Where it would be tried again it is the stop that ends it.
  if (cancelled && (!answered || (!*answer && answer->error().retriable))) return stopping();
  if (answered) return *answer;
  return of_transaction(RD_KAFKA_RESP_ERR__TIMED_OUT,
                        what + ": no answer within " + std::to_string(deadline.count()) + " ms");
}

source::PartitionList list_of(std::span<const GroupOffset> offsets) {
  source::PartitionList list = source::make_partition_list(static_cast<int>(offsets.size()));
  for (const GroupOffset& offset : offsets) {
    rd_kafka_topic_partition_t* entry =
        rd_kafka_topic_partition_list_add(list.get(), offset.topic.c_str(), offset.partition);
    entry->offset = offset.offset < 0 ? RD_KAFKA_OFFSET_INVALID : offset.offset;
    if (offset.metadata.empty()) continue;
    entry->metadata = std::malloc(offset.metadata.size());  // librdkafka frees it
    if (entry->metadata == nullptr) throw std::bad_alloc();
    std::memcpy(entry->metadata, offset.metadata.data(), offset.metadata.size());
    entry->metadata_size = offset.metadata.size();
  }
  return list;
}

}  // namespace

// While the transaction of a former life is ended the broker asks to come again. librdkafka does so
// after half a second; at each call, which may be repeated, at once.
rd_kafka_error_t* KafkaProducer::Impl::init_transactions(milliseconds deadline) {
  const auto until = Clock::now() + deadline;
  for (milliseconds slice = kFirstInit;; slice = std::min(2 * slice, kLastInit)) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
    const milliseconds time = std::clamp(left, milliseconds{1}, slice);
    source::ErrorHandle error(
        rd_kafka_init_transactions(client.get(), static_cast<int>(time.count())));
    const bool again = error && rd_kafka_error_is_retriable(error.get()) != 0;
    if (!again || left <= slice || cancelled) return error.release();
  }
}

base::Status KafkaProducer::init_transactions(milliseconds deadline) {
  base::Status status = within(
      deadline, "cannot begin to write as \"" + impl_->config.transactional_id + '"',
      impl_->cancelled, [impl = impl_, deadline] { return impl->init_transactions(deadline); });
  if (status || status.error().code == base::ErrorCode::kCancelled) return status;
  base::Error error = status.error();
  if (error.code == base::ErrorCode::kAuthorization) {
    return source::not_allowed(static_cast<rd_kafka_resp_err_t>(error.native_code), "write as",
                               "transactional id", impl_->config.transactional_id, "WRITE",
                               impl_->config.client);
  }
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->trouble.empty()) error.message = impl_->trouble;
  return error;
}

base::Status KafkaProducer::begin_transaction() {
  return status_of(rd_kafka_begin_transaction(impl_->client.get()), "cannot begin a transaction");
}

base::Status KafkaProducer::send_offsets(const std::string& membership,
                                         std::span<const GroupOffset> offsets,
                                         milliseconds deadline) {
  rd_kafka_consumer_group_metadata_t* raw = nullptr;
  const source::ErrorHandle unreadable(
      rd_kafka_consumer_group_metadata_read(&raw, membership.data(), membership.size()));
  if (unreadable) return of_transaction(rd_kafka_error_code(unreadable.get()), "group membership");
  const std::shared_ptr<rd_kafka_consumer_group_metadata_t> member(
      raw, rd_kafka_consumer_group_metadata_destroy);
  const std::shared_ptr<rd_kafka_topic_partition_list_t> list(
      list_of(offsets).release(), rd_kafka_topic_partition_list_destroy);
  return within(deadline, "positions could not be added to a transaction", impl_->cancelled,
                [impl = impl_, member, list, deadline] {
                  return rd_kafka_send_offsets_to_transaction(impl->client.get(), list.get(),
                                                              member.get(),
                                                              static_cast<int>(deadline.count()));
                });
}

base::Status KafkaProducer::commit_transaction(milliseconds deadline) {
  return within(
      deadline, "a transaction could not be committed", impl_->cancelled, [impl = impl_, deadline] {
        return rd_kafka_commit_transaction(impl->client.get(), static_cast<int>(deadline.count()));
      });
}

base::Result<std::vector<GroupOffset>> KafkaProducer::committed_offsets(
    const std::string& group, std::span<const GroupOffset> partitions, milliseconds deadline) {
  using Request = std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t,
                                  source::DestroyWith<rd_kafka_ListConsumerGroupOffsets_destroy>>;
  rd_kafka_t* client = impl_->client.get();
  const source::PartitionList list = list_of(partitions);
  const Request request(rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), list.get()));
  const source::AdminOptionsHandle options(
      rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS));
  const source::ErrorHandle unstable(
      rd_kafka_AdminOptions_set_require_stable_offsets(options.get(), 1));
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(deadline.count()), text,
                                            sizeof text);
  const source::QueueHandle queue(rd_kafka_queue_new(client));
  rd_kafka_ListConsumerGroupOffsets_t* requests[] = {request.get()};
  rd_kafka_ListConsumerGroupOffsets(client, requests, 1, options.get(), queue.get());
  const std::string what = "committed positions of the group \"" + group + "\"";
  const auto until = Clock::now() + deadline + kOverdue;
  source::EventHandle event;
  while (!event && Clock::now() < until && !impl_->cancelled) {
    event.reset(rd_kafka_queue_poll(queue.get(), static_cast<int>(kSlice.count())));
  }
  if (!event && impl_->cancelled) return stopping();
  if (!event) return of_transaction(RD_KAFKA_RESP_ERR__TIMED_OUT, what + ": no answer");
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return of_transaction(error, what + ": " + rd_kafka_event_error_string(event.get()));
  }
  std::size_t groups = 0;
  const rd_kafka_group_result_t** results = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &groups);
  if (groups != 1) return of_transaction(RD_KAFKA_RESP_ERR__BAD_MSG, what + ": no such answer");
  if (const rd_kafka_error_t* error = rd_kafka_group_result_error(results[0])) {
    return of_transaction(rd_kafka_error_code(error), what + ": " + rd_kafka_error_string(error));
  }
  std::vector<GroupOffset> found(partitions.begin(), partitions.end());
  const rd_kafka_topic_partition_list_t* answer = rd_kafka_group_result_partitions(results[0]);
  for (GroupOffset& one : found) {
    one.offset = -1;
    one.metadata.clear();
    const rd_kafka_topic_partition_t* entry =
        rd_kafka_topic_partition_list_find(answer, one.topic.c_str(), one.partition);
    if (entry == nullptr) continue;
    if (entry->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return of_transaction(entry->err, what + ": " + rd_kafka_err2str(entry->err));
    }
    if (entry->offset < 0) continue;
    one.offset = entry->offset;
    one.metadata.assign(static_cast<const char*>(entry->metadata), entry->metadata_size);
  }
  return found;
}

}  // namespace headrace::sink
