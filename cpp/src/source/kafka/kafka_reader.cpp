#include <headrace/source/kafka/kafka_reader.hpp>

#include <algorithm>

#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/message_headers.hpp>

namespace headrace::source {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds kSlice{100};           // longest single wait, should a wake-up ever be lost
constexpr std::chrono::seconds kPatience{1};  // with an open transaction before we speak of it
// A static member that was fenced is rebuilt; twice within this time it is really somebody else.
constexpr std::chrono::seconds kRebuildAgain{60};

}  // namespace

base::Status KafkaReader::connect() {
  auto made = Consumer::create(config_, share_, topics_, this);
  if (!made) return made.error();
  const std::lock_guard lock(consumer_mutex_);
  consumer_ = *std::move(made);
  return {};
}

base::Result<Poll> KafkaReader::poll(milliseconds timeout) {
  free_messages();
  events_ = std::exchange(next_events_, {});
  if (!failure_ && !consumer_) {
    failure_ = base::Error{.code = base::ErrorCode::kCancelled, .message = "the source is closed"};
  }
  if (failure_) return *failure_;
  unassign_left();
  const Clock::time_point deadline = Clock::now() + timeout;
  bool end = false;
  do {
    for (const Notice& notice : consumer_->notices()) serve(notice);
    if (fenced_) rebuild();
    log_outage();
    watch_transactions();
    if (failure_) return *failure_;
    end = next_events_.empty() && all_done();
    if (end) break;
    free_messages();  // of a turn that brought no record: one that is left keeps its client alive
    convert(wait_and_take(deadline));
    check_timeout();  // here, when what there was to hear has been heard
    if (failure_ && filled_ == 0) return *failure_;
  } while (filled_ == 0 && events_.empty() && next_events_.empty() && !consumer_->take_wake() &&
           Clock::now() < deadline);
  Poll out;
  out.records = std::span<const RawRecord>(records_.data(), filled_);
  out.events = events_;
  out.end = end;
  return out;
}

std::size_t KafkaReader::wait_and_take(Clock::time_point deadline) {
  auto wait = std::chrono::ceil<milliseconds>(deadline - Clock::now());
  wait = std::clamp(wait, milliseconds{0}, kSlice);
  if (!events_.empty() || !next_events_.empty()) wait = milliseconds{0};
  if (flow_.leave_queue_alone(consumer_.get())) {
    consumer_->idle(wait);
    return 0;
  }
  taken_ = consumer_->take(messages_, wait);
  return taken_;
}

void KafkaReader::convert(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_message_t& m = *messages_[i];
    Slot* slot = m.rkt == nullptr ? nullptr : assignment_.find(m.rkt, m.partition);
    if (m.err != RD_KAFKA_RESP_ERR_NO_ERROR) [[unlikely]] {
      message_error(m, slot);
      continue;
    }
    // Revoked meanwhile, or delivered before (librdkafka has replayed positions after a resume).
    if (slot == nullptr || !slot->active || m.offset < slot->next) [[unlikely]]
      continue;
    if (m.offset >= slot->end) [[unlikely]] {
      reached(*slot);
      continue;
    }
    slot->next = m.offset + 1;
    RawRecord& r = records_[filled_++];
    r.value = {static_cast<const char*>(m.payload), m.len};
    r.key = {static_cast<const char*>(m.key), m.key_len};
    r.task = slot->task;
    r.offset = m.offset;
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    r.timestamp_ms = rd_kafka_message_timestamp(&m, &type);
    r.tombstone = m.payload == nullptr;
    r.has_key = m.key != nullptr;
    r.message = &m;
    if (slot->next >= slot->end) [[unlikely]]
      reached(*slot);
  }
  if (filled_ != 0 && link_.broken()) healed();
}

int KafkaReader::attempts(const RawRecord& record) const {
  return attempts_of(*static_cast<const rd_kafka_message_t*>(record.message));
}

void KafkaReader::message_error(const rd_kafka_message_t& m, Slot* slot) {
  const bool ours = slot != nullptr && slot->active;
  if (m.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (ours) end_of_log(m.offset, *slot);
  } else if (code_of(m.err) == base::ErrorCode::kOffsetOutOfRange) {
    if (ours && !std::exchange(slot->asked_range, true)) {
      consumer_->watcher().ask_range({slot->topic, slot->task.partition});
    }
  } else if (is_poison(m.err)) {
    if (ours) skip_poison(m, *slot);
  } else if (m.err == RD_KAFKA_RESP_ERR__FATAL) {
    fatal();
  } else if (is_connection_trouble(m.err)) {
    trouble(m.err, rd_kafka_message_errstr(&m));
  } else if (code_of(m.err) == base::ErrorCode::kTopicNotFound) {
    consumer_->watcher().probe();  // says which, and what the user may have meant
  } else {
    other_error(m, slot);
  }
}

// What can be read now ends at `offset`. The control records of transactions and what was compacted
// away before it are passed over: that is where we are.
void KafkaReader::end_of_log(std::int64_t offset, Slot& slot) {
  if (offset > slot.next) {
    slot.passed = {.low = slot.behind_last(), .high = offset};
    slot.next = offset;
  }
  if (slot.next >= slot.end) {
    reached(slot);
  } else if (slot.end != Slot::kNoEnd && slot.blocked_at != slot.next) {
    slot.blocked_at = slot.next;
    slot.blocked_since = Clock::now();
  }
}

// A bounded read ends behind the transactions that were open when it began. A living producer ends
// its own within moments; that of a dead one lasts until the coordinator gives it up.
void KafkaReader::watch_transactions() {
  if (!config_.bounded) return;
  const auto now = Clock::now();
  const auto& slots = assignment_.slots();
  const auto blocked = std::find_if(slots.begin(), slots.end(), [now](const auto& s) {
    return s->active && !s->done && s->blocked_at == s->next && now - s->blocked_since > kPatience;
  });
  if ((blocked != slots.end()) == blocked_) return;
  blocked_ = !blocked_;
  if (!blocked_) {
    waiting_.reset();
    say(EventKind::kHealed);
    return;
  }
  const Slot& slot = **blocked;
  waiting_ = base::Error{.code = base::ErrorCode::kKafka,
                         .message = slot.name() + ": a transaction is open from offset " +
                                    std::to_string(slot.next) +
                                    " on; waiting until it is committed or aborted, or its " +
                                    "producer's transaction.timeout.ms ends it"};
  say(EventKind::kWaiting, *waiting_);
}

void KafkaReader::other_error(const rd_kafka_message_t& m, const Slot* slot) {
  // Direct assignment asks nothing of a group; that it may not be used does not matter.
  if (m.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED && !in_group()) return;
  const std::string where = slot == nullptr ? "consumer" : slot->name();
  base::Error error =
      in_words(kafka_error_text(m.err, where + ": " + rd_kafka_message_errstr(&m)), slot);
  if (error.code == base::ErrorCode::kAuthorization) {
    failure_ = std::move(error);
  } else {
    link_.set_broken();
    say(EventKind::kBroken, std::move(error));
    if (slot != nullptr) consumer_->watcher().probe();
  }
}

// What librdkafka says of a topic or of a group, as a user would say it.
base::Error KafkaReader::in_words(base::Error error, const Slot* slot) const {
  const auto code = static_cast<rd_kafka_resp_err_t>(error.native_code);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    const std::string topic = slot != nullptr          ? slot->topic
                              : config_.topics.empty() ? config_.pattern
                                                       : config_.topics.front();
    return not_allowed(code, "read", "topic", topic, "READ", config_.client);
  }
  return is_group_trouble(code) ? group_error(code, config_.group, config_.client) : error;
}

// One record that cannot be delivered must not stop the partition. Fetching again from the middle
// of a batch that cannot be unpacked gives the same error at its base offset: step on from where we
// are.
void KafkaReader::skip_poison(const rd_kafka_message_t& m, Slot& slot) {
  const std::int64_t at = std::max(m.offset, slot.next);
  const std::string where = slot.name() + '@' + std::to_string(at);
  // With the next poll: the records of this one come before it.
  next_events_.push_back(
      {.kind = EventKind::kRejected,
       .task = slot.task,
       .epoch = slot.epoch,
       .offset = at,
       .error = kafka_error_text(m.err, where + ": " + rd_kafka_message_errstr(&m))});
  slot.next = at + 1;
  consumer_->seek(slot.place());
  if (slot.next >= slot.end) reached(slot);
}

void KafkaReader::reached(Slot& slot) {
  if (std::exchange(slot.done, true)) return;
  next_events_.push_back({.kind = EventKind::kReachedEnd,
                          .task = slot.task,
                          .epoch = slot.epoch,
                          .offset = slot.next,
                          .error = {}});
  consumer_->pause({slot.place()});  // do not fetch what nobody will read
}

bool KafkaReader::all_done() const {
  if (!config_.bounded || !complete_) return false;
  const auto& slots = assignment_.slots();
  return std::all_of(slots.begin(), slots.end(),
                     [](const auto& s) { return !s->active || s->done; });
}

void KafkaReader::free_messages() noexcept {
  for (std::size_t i = 0; i < taken_; ++i) rd_kafka_message_destroy(messages_[i]);
  taken_ = 0;
  filled_ = 0;
}

void KafkaReader::on_client_error(rd_kafka_resp_err_t error, std::string_view reason) {
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    fatal();
  } else if (is_connection_trouble(error) || code_of(error) == base::ErrorCode::kAuthentication) {
    trouble(error, reason);
  }
}

// A wrong password does not heal; but who was let in before may be again.
void KafkaReader::trouble(rd_kafka_resp_err_t error, std::string_view reason) {
  const bool known = link_.broken();
  if (auto told = link_.trouble(error, reason, consumer_->last_failure())) {
    if (!told->retriable) {
      failure_ = std::move(told);
      return;
    }
    say(EventKind::kBroken, *std::move(told));
  }
  if (!known) consumer_->watcher().probe();
}

// The helper thread got no answer, or one that may be another one later.
void KafkaReader::unanswered(const base::Error& error) {
  if (error.code == base::ErrorCode::kBrokerUnavailable) {
    say(EventKind::kBroken, link_.unanswered(consumer_->last_failure()));
  } else {
    link_.set_broken();
    say(EventKind::kBroken, in_words(error, nullptr));
  }
}

void KafkaReader::healed() {
  if (!link_.healed()) return;
  say(EventKind::kHealed);
  if (waiting_) say(EventKind::kWaiting, *waiting_);  // that is still so
}

// One line when nobody answers any more and one when somebody does again.
void KafkaReader::log_outage() {
  if (link_.out() == logged_out_) return;
  logged_out_ = link_.out();
  if (logged_out_) {
    out_since_ = Clock::now();
    consumer_->log().own(kLogWarning, link_.cause() + "; retrying");
    return;
  }
  const auto seconds = std::chrono::round<std::chrono::seconds>(Clock::now() - out_since_).count();
  consumer_->log().own(kLogInfo, config_.client.bootstrap + " answers again, after " +
                                     std::to_string(seconds) + " s");
}

void KafkaReader::check_timeout() {
  if (!config_.timeout || link_.ever_answered() || Clock::now() - made_at_ < *config_.timeout) {
    return;
  }
  const auto ms = static_cast<double>(config_.timeout->count());
  std::string seconds = std::to_string(ms / 1000);
  seconds.erase(seconds.find_last_not_of('0') + 1);
  if (seconds.ends_with('.')) seconds.pop_back();
  failure_ = kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT,
                              link_.cause() + " (waited for " + seconds + " s)");
}

void KafkaReader::fatal() {
  const base::Error error = consumer_->fatal_error();
  const bool may_rebuild = !rebuilt_ || Clock::now() - *rebuilt_ > kRebuildAgain;
  // Happens also to a member that is alone, after an outage longer than its session.
  if (error.native_code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID && may_rebuild) {
    fenced_ = true;
  } else {
    failure_ = error;
  }
}

void KafkaReader::say(EventKind kind, base::Error error) {
  events_.push_back({.kind = kind, .task = {}, .error = std::move(error)});
}

void KafkaReader::say(EventKind kind, const Slot& slot) {
  events_.push_back(
      {.kind = kind, .task = slot.task, .epoch = slot.epoch, .offset = slot.next, .error = {}});
}

base::Result<std::string> KafkaReader::membership() {
  if (!in_group()) return membership_of(config_.group);
  std::shared_ptr<Consumer> consumer;
  {
    const std::lock_guard lock(consumer_mutex_);
    consumer = consumer_;
  }
  if (consumer) return consumer->membership();
  return base::Error{.code = base::ErrorCode::kCancelled, .message = "the source is closed"};
}

void KafkaReader::wake() noexcept {
  const std::lock_guard lock(consumer_mutex_);
  if (consumer_) consumer_->wake();
}

void KafkaReader::close(milliseconds deadline) noexcept {
  std::shared_ptr<Consumer> consumer;
  {
    const std::lock_guard lock(consumer_mutex_);
    consumer.swap(consumer_);
  }
  if (!consumer) return;
  if (!consumer->usable()) {  // a forked child: neither threads nor connections are ours
    new std::shared_ptr<Consumer>(std::move(consumer));
    return;
  }
  free_messages();
  consumer->set_listener(nullptr);
  run_within([c = std::move(consumer)] { c->shutdown(); }, deadline);
}

}  // namespace headrace::source
