#include <headrace/source/kafka/kafka_source.hpp>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include <headrace/source/kafka/assignment.hpp>
#include <headrace/source/kafka/consumer.hpp>
#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/flow.hpp>
#include <headrace/source/kafka/link.hpp>
#include <headrace/source/kafka/settings.hpp>

namespace headrace::source {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds kSlice{100};  // longest single wait, should a wake-up ever be lost
// A static member that was fenced is rebuilt; twice within this time it is really somebody else.
constexpr std::chrono::seconds kRebuildAgain{60};
constexpr milliseconds kRebuildClose{2'000};
constexpr milliseconds kDestructorClose{1'000};
// With no broker there, a commit cannot succeed and must not hold up a stop.
constexpr milliseconds kBrokenCommit{200};

class KafkaSource final : public Source, private ConsumerListener {
 public:
  KafkaSource(KafkaSourceConfig config, Share share, std::shared_ptr<TopicTable> topics)
      : config_(std::move(config)),
        share_(share),
        topics_(std::move(topics)),
        assignment_(topics_),
        messages_(config_.poll_max),
        records_(config_.poll_max),
        link_(config_.client.bootstrap) {}
  ~KafkaSource() override { close(kDestructorClose); }

  base::Status connect();

  base::Result<Poll> poll(milliseconds timeout) override;
  void pause(std::span<const record::TaskId> tasks) override { flow_.pause(tasks); }
  void resume(std::span<const record::TaskId> tasks) override {
    flow_.resume(tasks, consumer_.get());
  }
  base::Status commit(std::span<const TaskPosition> positions) override;
  std::vector<TaskPosition> positions() const override;
  std::vector<std::string> topics() const override { return topics_->names(); }
  void wake() noexcept override;
  void close(milliseconds deadline) noexcept override;

 private:
  // librdkafka calls these while we take messages.
  void on_client_error(rd_kafka_resp_err_t error, std::string_view reason) override;
  void on_assign(std::vector<TopicPartition> partitions) override;
  void on_revoke(std::vector<TopicPartition> partitions) override;

  void serve(const Notice& notice);
  void begin(const Notice& notice);
  void reposition(const Notice& notice);
  void unassign_left();
  void rebuild();

  std::size_t wait_and_take(Clock::time_point deadline);
  void convert(std::size_t count);
  void message_error(const rd_kafka_message_t& message, Slot* slot);
  void other_error(const rd_kafka_message_t& message, const Slot* slot);
  void skip_poison(const rd_kafka_message_t& message, Slot& slot);
  void reached(Slot& slot);
  [[nodiscard]] bool all_done() const;
  void free_messages() noexcept;

  void trouble(std::string_view reason, bool all_brokers);
  void healed();
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
  std::mutex consumer_mutex_;  // wake() against replacing the consumer
  std::shared_ptr<Consumer> consumer_;

  std::vector<rd_kafka_message_t*> messages_;
  std::size_t taken_ = 0;  // messages that the caller may be reading
  std::vector<RawRecord> records_;
  std::size_t filled_ = 0;
  std::vector<SourceEvent> events_;
  std::vector<SourceEvent> next_events_;  // true only after this poll's records
  std::optional<base::Error> failure_;
  std::optional<base::Error> waiting_;  // for a topic
  Link link_;
  Flow flow_{assignment_, !config_.group.empty()};

  std::uint64_t generation_ = 0;   // of the last group assignment
  bool assign_pending_ = false;    // the group waits for our assign()
  bool unassign_pending_ = false;  // or for our unassign()
  bool complete_ = false;          // every partition of a bounded read is known

  bool fenced_ = false;
  std::optional<Clock::time_point> rebuilt_;
};

base::Status KafkaSource::connect() {
  auto made = Consumer::create(config_, share_, topics_, this);
  if (!made) return made.error();
  const std::lock_guard lock(consumer_mutex_);
  consumer_ = *std::move(made);
  return {};
}

base::Result<Poll> KafkaSource::poll(milliseconds timeout) {
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
    if (failure_) return *failure_;
    end = next_events_.empty() && all_done();
    if (end) break;
    convert(wait_and_take(deadline));
    if (failure_ && filled_ == 0) return *failure_;
  } while (filled_ == 0 && events_.empty() && next_events_.empty() && !consumer_->take_wake() &&
           Clock::now() < deadline);
  Poll out;
  out.records = std::span<const RawRecord>(records_.data(), filled_);
  out.events = events_;
  out.end = end;
  return out;
}

std::size_t KafkaSource::wait_and_take(Clock::time_point deadline) {
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

void KafkaSource::convert(std::size_t count) {
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
    if (slot->next >= slot->end) [[unlikely]]
      reached(*slot);
  }
  if (filled_ != 0 && link_.broken()) healed();
}

void KafkaSource::message_error(const rd_kafka_message_t& m, Slot* slot) {
  const bool ours = slot != nullptr && slot->active;
  if (m.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // Control records and compacted ones at the end are passed over: the end is where we are.
    if (ours && m.offset >= slot->end) reached(*slot);
  } else if (code_of(m.err) == base::ErrorCode::kOffsetOutOfRange) {
    if (ours && !std::exchange(slot->asked_range, true)) {
      consumer_->watcher().ask_range({slot->topic, slot->task.partition});
    }
  } else if (is_poison(m.err)) {
    if (ours) skip_poison(m, *slot);
  } else if (m.err == RD_KAFKA_RESP_ERR__FATAL) {
    fatal();
  } else if (is_connection_trouble(m.err)) {
    trouble(rd_kafka_message_errstr(&m), false);
  } else if (code_of(m.err) == base::ErrorCode::kTopicNotFound) {
    consumer_->watcher().probe();  // says which, and what the user may have meant
  } else {
    other_error(m, slot);
  }
}

void KafkaSource::other_error(const rd_kafka_message_t& m, const Slot* slot) {
  // Direct assignment asks nothing of a group; that it may not be used does not matter.
  if (m.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED && config_.group.empty()) return;
  base::Error error = kafka_error_text(
      m.err, (slot == nullptr ? "consumer" : slot->name()) + ": " + rd_kafka_message_errstr(&m));
  if (error.code == base::ErrorCode::kAuthorization) {
    failure_ = std::move(error);
  } else {
    link_.set_broken();
    say(EventKind::kBroken, std::move(error));
  }
}

// One record that cannot be delivered must not stop the partition. Fetching again from the middle
// of a batch that cannot be unpacked gives the same error at its base offset: step on from where we
// are.
void KafkaSource::skip_poison(const rd_kafka_message_t& m, Slot& slot) {
  const std::int64_t at = std::max(m.offset, slot.next);
  const std::string where = slot.name() + '@' + std::to_string(at);
  slot.next = at;
  say(EventKind::kRejected, slot);
  events_.back().error = kafka_error_text(m.err, where + ": " + rd_kafka_message_errstr(&m));
  slot.next = at + 1;
  consumer_->seek(slot.place());
  if (slot.next >= slot.end) reached(slot);
}

void KafkaSource::reached(Slot& slot) {
  if (std::exchange(slot.done, true)) return;
  next_events_.push_back({.kind = EventKind::kReachedEnd,
                          .task = slot.task,
                          .epoch = slot.epoch,
                          .offset = slot.next,
                          .error = {}});
  consumer_->pause({slot.place()});  // do not fetch what nobody will read
}

bool KafkaSource::all_done() const {
  if (!config_.bounded || !complete_) return false;
  const auto& slots = assignment_.slots();
  return std::all_of(slots.begin(), slots.end(),
                     [](const auto& s) { return !s->active || s->done; });
}

void KafkaSource::free_messages() noexcept {
  for (std::size_t i = 0; i < taken_; ++i) rd_kafka_message_destroy(messages_[i]);
  taken_ = 0;
  filled_ = 0;
}

void KafkaSource::serve(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::kPlaces:
      begin(notice);
      break;
    case NoticeKind::kWaiting:
      waiting_ = notice.error;
      say(EventKind::kWaiting, notice.error);
      break;
    case NoticeKind::kFound:
      waiting_.reset();
      say(EventKind::kHealed);
      break;
    case NoticeKind::kBroken:
      say(EventKind::kBroken, link_.unanswered());
      break;
    case NoticeKind::kHealed:
      healed();
      break;
    case NoticeKind::kRange:
      reposition(notice);
      break;
    case NoticeKind::kFatal:
      failure_ = notice.error;
      break;
  }
}

// Positions are known: tell librdkafka where to read.
void KafkaSource::begin(const Notice& notice) {
  const bool in_group = !config_.group.empty();
  if (in_group && (!assign_pending_ || notice.generation != generation_)) return;  // outdated
  assign_pending_ = false;
  require(consumer_->assign(notice.places));
  for (const Place& place : notice.places) {
    Slot& slot = assignment_.activate(place);
    say(EventKind::kAssigned, slot);
    if (slot.next == slot.end) reached(slot);
    // Beyond what there is: as bad as what is gone already, and not the same as being at the end.
    if (slot.next > slot.end && !std::exchange(slot.asked_range, true)) {
      consumer_->watcher().ask_range({slot.topic, slot.task.partition});
    }
  }
  complete_ = complete_ || notice.complete;
  flow_.update();
}

// The broker does not have the position that we asked for; notice.range says what it has.
void KafkaSource::reposition(const Notice& notice) {
  Slot* slot = assignment_.find(notice.where);
  if (slot == nullptr || !slot->active || !std::exchange(slot->asked_range, false)) return;
  std::string text = out_of_range(slot->place(), notice.range);
  constexpr auto kCode = RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
  if (config_.on_out_of_range == OutOfRange::kError) {
    text += "; choose on_out_of_range=\"earliest\" or \"latest\" to go on";
    failure_ = kafka_error_text(kCode, text);
    return;
  }
  slot->next =
      config_.on_out_of_range == OutOfRange::kEarliest ? notice.range.low : notice.range.high;
  link_.set_broken();
  say(EventKind::kBroken,
      kafka_error_text(kCode, text + "; going on from " + std::to_string(slot->next)));
  require(consumer_->assign_again(slot->place(), assignment_.places()));
  if (slot->next >= slot->end) reached(*slot);
}

void KafkaSource::on_assign(std::vector<TopicPartition> partitions) {
  assign_pending_ = true;
  ++generation_;
  if (partitions.empty()) {
    Notice none;
    none.generation = generation_;
    none.complete = true;
    begin(none);
  } else {
    consumer_->watcher().resolve(generation_, std::move(partitions));
  }
}

// The partitions are given back with the next poll, so that the caller can still commit what it has
// finished of them.
void KafkaSource::on_revoke(std::vector<TopicPartition> partitions) {
  ++generation_;  // an assignment that is still being resolved is void
  for (const TopicPartition& name : partitions) {
    Slot& slot = assignment_.slot(name);
    if (slot.active) say(EventKind::kRevoked, slot);
    slot.active = false;
    slot.leaving = true;
  }
  assign_pending_ = false;
  unassign_pending_ = true;
  flow_.update();
}

void KafkaSource::unassign_left() {
  if (!std::exchange(unassign_pending_, false)) return;
  std::vector<Place> left;
  for (const auto& slot : assignment_.slots()) {
    if (std::exchange(slot->leaving, false)) left.push_back(slot->place());
  }
  require(consumer_->unassign(left));
}

void KafkaSource::on_client_error(rd_kafka_resp_err_t error, std::string_view reason) {
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    fatal();
  } else if (code_of(error) == base::ErrorCode::kAuthentication && !link_.ever_answered()) {
    // A wrong password does not heal.
    failure_ = kafka_error_text(error, reach_failure(reason, config_.client.bootstrap));
  } else if (is_connection_trouble(error) || code_of(error) == base::ErrorCode::kAuthentication) {
    trouble(reason, error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
  }
}

void KafkaSource::trouble(std::string_view reason, bool all_brokers) {
  const bool known = link_.broken();
  if (auto error = link_.trouble(reason, all_brokers)) say(EventKind::kBroken, *std::move(error));
  if (!known) consumer_->watcher().probe();
}

void KafkaSource::healed() {
  if (!link_.healed()) return;
  say(EventKind::kHealed);
  if (waiting_) say(EventKind::kWaiting, *waiting_);  // that is still so
}

void KafkaSource::fatal() {
  const base::Error error = consumer_->fatal_error();
  const bool may_rebuild = !rebuilt_ || Clock::now() - *rebuilt_ > kRebuildAgain;
  // Happens also to a member that is alone, after an outage longer than its session.
  if (error.native_code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID && may_rebuild) {
    fenced_ = true;
  } else {
    failure_ = error;
  }
}

void KafkaSource::rebuild() {
  fenced_ = false;
  rebuilt_ = Clock::now();
  for (const auto& slot : assignment_.slots()) {
    if (std::exchange(slot->active, false)) say(EventKind::kRevoked, *slot);
    slot->leaving = false;
  }
  link_.set_broken();
  say(EventKind::kBroken,
      kafka_error_text(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
                       "the broker took group instance \"" + config_.group_instance +
                           "\" for a newer one; joining again"));
  close(kRebuildClose);
  assignment_.forget_client();
  assign_pending_ = unassign_pending_ = false;
  complete_ = false;
  require(connect());
}

void KafkaSource::say(EventKind kind, base::Error error) {
  events_.push_back({.kind = kind, .task = {}, .error = std::move(error)});
}

void KafkaSource::say(EventKind kind, const Slot& slot) {
  events_.push_back(
      {.kind = kind, .task = slot.task, .epoch = slot.epoch, .offset = slot.next, .error = {}});
}

base::Status KafkaSource::commit(std::span<const TaskPosition> positions) {
  if (!consumer_) return {};
  std::vector<Place> places;
  for (const TaskPosition& position : positions) {
    const Slot* slot = assignment_.find(position.task);
    if (slot == nullptr || slot->epoch != position.epoch || position.position < 0) continue;
    if (!slot->active && !slot->leaving) continue;  // not ours to commit any more
    places.push_back(slot->place());
    places.back().offset = position.position;
  }
  return consumer_->commit(places, link_.broken() ? kBrokenCommit : config_.commit_timeout);
}

std::vector<TaskPosition> KafkaSource::positions() const {
  std::vector<TaskPosition> out;
  for (const auto& slot : assignment_.slots()) {
    if (!slot->active) continue;
    OffsetRange range{.low = -1, .high = -1};
    if (consumer_) range = consumer_->watermarks(slot->topic, slot->task.partition);
    if (slot->end != Slot::kNoEnd) range.high = slot->end;
    out.push_back({.task = slot->task,
                   .epoch = slot->epoch,
                   .position = slot->next,
                   .low_watermark = range.low,
                   .high_watermark = range.high});
  }
  return out;
}

void KafkaSource::wake() noexcept {
  const std::lock_guard lock(consumer_mutex_);
  if (consumer_) consumer_->wake();
}

void KafkaSource::close(milliseconds deadline) noexcept {
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

}  // namespace

base::Result<std::unique_ptr<Source>> make_kafka_source(KafkaSourceConfig config) {
  auto sources = make_kafka_sources(config, 1);
  if (!sources) return sources.error();
  return std::move(sources->front());
}

base::Result<std::vector<std::unique_ptr<Source>>> make_kafka_sources(
    const KafkaSourceConfig& config, std::size_t count) {
  if (base::Status ok = check(config); !ok) return ok.error();
  if (count == 0) return base::invalid_argument("expected at least one source");
  if (count > 1 && !config.group.empty()) {
    return base::invalid_argument(
        "several sources share out partitions by direct assignment; with a group, the group does "
        "that: start more workers instead");
  }
  const auto topics = std::make_shared<TopicTable>(config.topics);
  std::vector<std::unique_ptr<Source>> sources;
  for (std::size_t i = 0; i < count; ++i) {
    auto source = std::make_unique<KafkaSource>(config, Share{.index = i, .count = count}, topics);
    if (base::Status ok = source->connect(); !ok) return ok.error();
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace headrace::source
