#include <headrace/source/kafka/kafka_source.hpp>

#include <regex.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>

#include <headrace/source/kafka/assignment.hpp>
#include <headrace/source/kafka/consumer.hpp>
#include <headrace/source/kafka/errors.hpp>

namespace headrace::source {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds kSlice{100};  // longest single wait, should a wake-up ever be lost
// All partitions paused for a moment: leave the queue alone instead of telling librdkafka, which
// would throw away and fetch again what it has prefetched. Longer than this, and the member must go
// on polling (max.poll.interval.ms, 300 s) and serve rebalances.
constexpr milliseconds kSoftPause{500};
// A static member that was fenced is rebuilt; twice within this time it is really somebody else.
constexpr std::chrono::seconds kRebuildAgain{60};
// With no broker there, a commit cannot succeed and must not hold up a stop.
constexpr milliseconds kBrokenCommit{200};

bool valid_topic_name(std::string_view name) {
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

base::Status check_pattern(const std::string& pattern) {
  regex_t regex;
  const int error = regcomp(&regex, pattern.c_str(), REG_EXTENDED | REG_NOSUB);
  if (error == 0) {
    regfree(&regex);
    return {};
  }
  char text[256];
  regerror(error, &regex, text, sizeof text);
  return base::invalid_argument("pattern " + escape_controls(pattern) + ": " + text);
}

base::Status check_topics(const KafkaSourceConfig& config) {
  if (config.topics.empty() == config.pattern.empty()) {
    return base::invalid_argument("expected topics or a pattern, got " +
                                  std::string(config.topics.empty() ? "neither" : "both"));
  }
  std::set<std::string> seen;
  for (const std::string& topic : config.topics) {
    if (!valid_topic_name(topic)) {
      return base::invalid_argument("\"" + escape_controls(topic) +
                                    "\" is no topic name: 1 to 249 of a-z A-Z 0-9 . _ -");
    }
    if (!seen.insert(topic).second) {
      return base::invalid_argument("topic \"" + topic + "\" is named twice");
    }
  }
  return {};
}

base::Status check_start(const KafkaSourceConfig& config) {
  if (config.start.at == StartAt::kGroup && config.group.empty()) {
    return base::invalid_argument("start from the group's positions needs a group");
  }
  if (!config.group_instance.empty() && config.group.empty()) {
    return base::invalid_argument("group_instance needs a group");
  }
  for (const auto& [where, offset] : config.start.offsets) {
    const std::string name = where.first + '[' + std::to_string(where.second) + ']';
    if (offset < 0) {
      return base::invalid_argument("offset of " + name + ": expected 0 or more, got " +
                                    std::to_string(offset));
    }
    const bool known = !config.pattern.empty() ||
                       std::find(config.topics.begin(), config.topics.end(), where.first) !=
                           config.topics.end();
    if (!known || where.second < 0) {
      return base::invalid_argument("an offset is given for " + name + ", which is not read");
    }
  }
  return {};
}

base::Status check(const KafkaSourceConfig& config) {
  if (base::Status ok = check_topics(config); !ok) return ok;
  if (base::Status ok = check_start(config); !ok) return ok;
  if (config.poll_max < 2) return base::invalid_argument("poll_max: expected 2 or more");
  if (config.metadata_refresh.count() < 10) {
    return base::invalid_argument("metadata_refresh: expected 10 ms or more");
  }
  return check(config.client);
}

// "^(pattern)$": what librdkafka takes for a pattern, and the whole name has to match.
KafkaSourceConfig anchored(KafkaSourceConfig config) {
  if (!config.pattern.empty()) config.pattern = "^(" + config.pattern + ")$";
  return config;
}

class KafkaSource final : public Source, private ConsumerListener {
 public:
  KafkaSource(KafkaSourceConfig config, Share share, std::shared_ptr<TopicTable> topics)
      : config_(std::move(config)),
        share_(share),
        topics_(std::move(topics)),
        assignment_(topics_),
        messages_(config_.poll_max),
        records_(config_.poll_max) {}
  ~KafkaSource() override { close(milliseconds{1'000}); }

  base::Status connect();

  base::Result<Poll> poll(milliseconds timeout) override;
  void pause(std::span<const record::TaskId> tasks) override;
  void resume(std::span<const record::TaskId> tasks) override;
  base::Status commit(std::span<const TaskPosition> positions) override;
  std::vector<TaskPosition> positions() const override;
  std::vector<std::string> topics() const override { return topics_->names(); }
  void wake() noexcept override;
  void close(milliseconds deadline) noexcept override;

 private:
  void on_client_error(rd_kafka_resp_err_t error, std::string_view reason) override;
  void on_assign(std::vector<TopicPartition> partitions) override;
  void on_revoke(std::vector<TopicPartition> partitions) override;

  // Notices of the helper thread.
  void serve(const Notice& notice);
  void begin(const Notice& notice);
  void repositioned(const Notice& notice);
  void read_again(const Slot& slot);
  void hand_to_client(const std::vector<Place>& places);
  void unassign_left();

  std::size_t wait_and_take(Clock::time_point deadline);
  void convert(std::size_t count);
  void message_error(const rd_kafka_message_t& message, Slot* slot);
  void skip_poison(const rd_kafka_message_t& message, Slot& slot);
  void reached(Slot& slot);
  [[nodiscard]] bool all_done() const;

  void broken(base::Error error);
  void trouble(std::string_view reason, bool all_down);
  void healed();
  void fatal();
  void rebuild();
  void event(EventKind kind, const Slot& slot, base::Error error = {});
  void free_messages() noexcept;

  void update_pause();
  void hold_paused();
  [[nodiscard]] bool cooperative() const;
  [[nodiscard]] PartitionList list_of(const std::vector<const Slot*>& slots) const;

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

  std::uint64_t generation_ = 0;  // of the last group assignment
  bool assign_pending_ = false;    // the group waits for our assign()
  bool unassign_pending_ = false;  // or for our unassign()
  bool complete_ = false;         // every partition of a bounded read is known

  bool broken_ = false;
  bool ever_healthy_ = false;
  unsigned attempts_ = 0;
  std::string reason_;  // last connection trouble, in the user's words

  bool all_paused_ = false;
  Clock::time_point paused_since_;
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
  filled_ = 0;
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
  if (all_paused_) {
    if (Clock::now() - paused_since_ < kSoftPause) {
      consumer_->idle(wait);
      return 0;
    }
    hold_paused();
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
    // Revoked meanwhile, delivered before (librdkafka has replayed positions after a resume), or
    // beyond the end of a bounded read: not handed on.
    if (slot == nullptr || !slot->active || m.offset < slot->next) [[unlikely]] continue;
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
    if (slot->next >= slot->end) [[unlikely]] reached(*slot);
  }
  if (filled_ != 0 && broken_) healed();
}

void KafkaSource::message_error(const rd_kafka_message_t& m, Slot* slot) {
  const std::string what = slot == nullptr ? "consumer" : slot->name();
  const auto text = [&] { return what + ": " + rd_kafka_message_errstr(&m); };
  if (m.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    // Control records and compacted ones at the end are passed over: the end is where we are.
    if (slot != nullptr && slot->active && m.offset >= slot->end) reached(*slot);
  } else if (m.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
             m.err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
    if (slot != nullptr && slot->active && !std::exchange(slot->asked_range, true)) {
      consumer_->watcher().ask_range({slot->topic, slot->task.partition});
    }
  } else if (is_poison(m.err)) {
    if (slot != nullptr && slot->active) skip_poison(m, *slot);
  } else if (m.err == RD_KAFKA_RESP_ERR__FATAL) {
    fatal();
  } else if (is_connection_trouble(m.err)) {
    trouble(rd_kafka_message_errstr(&m), false);
  } else if (code_of(m.err) == base::ErrorCode::kTopicNotFound) {
    consumer_->watcher().probe();  // says which, and what the user may have meant
  } else if (code_of(m.err) == base::ErrorCode::kAuthorization) {
    const bool of_group = m.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    if (!of_group || !config_.group.empty()) failure_ = kafka_error_text(m.err, text());
  } else {
    broken(kafka_error_text(m.err, text()));
  }
}

// One record that cannot be delivered must not stop the partition. Fetching again from the middle of
// a batch that cannot be unpacked gives the same error at its base offset: step on from where we are.
void KafkaSource::skip_poison(const rd_kafka_message_t& m, Slot& slot) {
  const std::int64_t at = std::max(m.offset, slot.next);
  slot.next = at + 1;
  SourceEvent rejected{.kind = EventKind::kRejected,
                       .task = slot.task,
                       .epoch = slot.epoch,
                       .offset = at,
                       .error = kafka_error_text(m.err, slot.name() + '@' + std::to_string(at) +
                                                            ": " + rd_kafka_message_errstr(&m))};
  events_.push_back(std::move(rejected));
  const PartitionList list = list_of({&slot});
  ErrorHandle(rd_kafka_seek_partitions(consumer_->client(), list.get(), 0));
  if (slot.next >= slot.end) reached(slot);
}

void KafkaSource::reached(Slot& slot) {
  if (std::exchange(slot.done, true)) return;
  SourceEvent end{.kind = EventKind::kReachedEnd,
                  .task = slot.task,
                  .epoch = slot.epoch,
                  .offset = slot.next,
                  .error = {}};
  next_events_.push_back(std::move(end));
  const PartitionList list = list_of({&slot});  // do not fetch what nobody will read
  rd_kafka_pause_partitions(consumer_->client(), list.get());
}

bool KafkaSource::all_done() const {
  if (!config_.bounded || !complete_) return false;
  const auto& slots = assignment_.slots();
  return std::all_of(slots.begin(), slots.end(),
                     [](const auto& s) { return !s->active || s->done; });
}

void KafkaSource::serve(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::kPlaces:
      begin(notice);
      break;
    case NoticeKind::kWaiting:
      events_.push_back({.kind = EventKind::kWaiting, .task = {}, .error = notice.error});
      break;
    case NoticeKind::kBroken:
      ++attempts_;
      broken(kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT,
                              (reason_.empty() ? "cannot reach " + config_.client.bootstrap +
                                                     ": no answer"
                                               : reason_) +
                                  "; retrying (attempt " + std::to_string(attempts_) + ')'));
      break;
    case NoticeKind::kHealed:
      ever_healthy_ = true;
      if (broken_) healed();
      break;
    case NoticeKind::kRange:
      repositioned(notice);
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
  hand_to_client(notice.places);
  for (const Place& place : notice.places) {
    Slot& slot = assignment_.activate(place);
    event(EventKind::kAssigned, slot);
    if (slot.next >= slot.end) reached(slot);
  }
  complete_ = complete_ || notice.complete;
  update_pause();
}

void KafkaSource::hand_to_client(const std::vector<Place>& places) {
  const PartitionList list = make_partition_list(static_cast<int>(places.size()));
  for (const Place& p : places) {
    rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition)->offset = p.offset;
  }
  rd_kafka_t* client = consumer_->client();
  const bool in_group = !config_.group.empty();
  if (in_group && !cooperative()) {
    const auto error = rd_kafka_assign(client, list.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) failure_ = kafka_error(error, "assign");
  } else if (in_group || !places.empty()) {
    const ErrorHandle error(rd_kafka_incremental_assign(client, list.get()));
    if (error) failure_ = kafka_error(*error, "assign");
  }
  assign_pending_ = false;
}

// The broker does not have the position that we asked for; notice.range says what it has.
void KafkaSource::repositioned(const Notice& notice) {
  Slot* slot = assignment_.find(notice.where);
  if (slot == nullptr || !slot->active || !slot->asked_range) return;
  slot->asked_range = false;
  const auto& [low, high] = notice.range;
  const std::string asked = std::to_string(slot->next);
  std::string text = slot->name() + ": offset " + asked;
  if (slot->next < low) {
    text += " is gone: records " + asked + " to " + std::to_string(low - 1) +
            " are no longer on the broker, it has " + std::to_string(low) + " to " +
            std::to_string(high - 1);
  } else {
    text += " does not exist: the partition ends at " + std::to_string(high) +
            " (was the topic made anew?)";
  }
  if (config_.on_out_of_range == OutOfRange::kError) {
    failure_ = kafka_error_text(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
                                text + "; choose on_out_of_range=\"earliest\" or \"latest\" to go on");
    return;
  }
  slot->next = config_.on_out_of_range == OutOfRange::kEarliest ? low : high;
  broken(kafka_error_text(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
                          text + "; going on from " + std::to_string(slot->next)));
  read_again(*slot);
  if (slot->next >= slot->end) reached(*slot);
}

// After an offset error librdkafka has given the partition up, and a seek does not start it again: it
// takes a new assignment.
void KafkaSource::read_again(const Slot& slot) {
  rd_kafka_t* client = consumer_->client();
  std::vector<const Slot*> ours{&slot};
  if (config_.group.empty() || cooperative()) {
    const PartitionList list = list_of(ours);
    ErrorHandle(rd_kafka_incremental_unassign(client, list.get()));
    const ErrorHandle error(rd_kafka_incremental_assign(client, list.get()));
    if (error) failure_ = kafka_error(*error, "assign");
    return;
  }
  ours.clear();
  for (const auto& s : assignment_.slots()) {
    if (s->active) ours.push_back(s.get());
  }
  const PartitionList list = list_of(ours);
  const auto error = rd_kafka_assign(client, list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) failure_ = kafka_error(error, "assign");
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
    if (slot.active) event(EventKind::kRevoked, slot);
    slot.active = false;
    slot.leaving = true;
  }
  assign_pending_ = false;
  unassign_pending_ = true;
  update_pause();
}

void KafkaSource::unassign_left() {
  if (!std::exchange(unassign_pending_, false)) return;
  std::vector<const Slot*> left;
  for (const auto& slot : assignment_.slots()) {
    if (std::exchange(slot->leaving, false)) left.push_back(slot.get());
  }
  if (cooperative()) {
    const PartitionList list = list_of(left);
    const ErrorHandle error(rd_kafka_incremental_unassign(consumer_->client(), list.get()));
    if (error) failure_ = kafka_error(*error, "unassign");
  } else {
    rd_kafka_assign(consumer_->client(), nullptr);
  }
}

bool KafkaSource::cooperative() const {
  const char* protocol = rd_kafka_rebalance_protocol(consumer_->client());
  return protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
}

PartitionList KafkaSource::list_of(const std::vector<const Slot*>& slots) const {
  PartitionList list = make_partition_list(static_cast<int>(slots.size()));
  for (const Slot* slot : slots) {
    rd_kafka_topic_partition_list_add(list.get(), slot->topic.c_str(), slot->task.partition)
        ->offset = slot->next;
  }
  return list;
}

void KafkaSource::on_client_error(rd_kafka_resp_err_t error, std::string_view reason) {
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    fatal();
  } else if (code_of(error) == base::ErrorCode::kAuthentication) {
    reason_ = reach_failure(reason, config_.client.bootstrap);
    // A wrong password does not heal; one that a broker forgets later may come back.
    if (!ever_healthy_) failure_ = kafka_error_text(error, reason_);
  } else if (is_connection_trouble(error)) {
    trouble(reason, error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
  }
}

void KafkaSource::trouble(std::string_view reason, bool all_down) {
  if (!all_down || reason_.empty()) reason_ = reach_failure(reason, config_.client.bootstrap);
  if (broken_) return;
  // A closed connection alone is no outage: librdkafka opens another, or another broker answers.
  consumer_->watcher().probe();
  if (all_down || !ever_healthy_) {
    broken(kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT, reason_ + "; retrying"));
  }
}

void KafkaSource::broken(base::Error error) {
  broken_ = true;
  events_.push_back({.kind = EventKind::kBroken, .task = {}, .error = std::move(error)});
}

void KafkaSource::healed() {
  broken_ = false;
  attempts_ = 0;
  reason_.clear();
  events_.push_back({.kind = EventKind::kHealed, .task = {}, .error = {}});
}

void KafkaSource::fatal() {
  char text[512];
  const auto error = rd_kafka_fatal_error(consumer_->client(), text, sizeof text);
  const bool may_rebuild = !rebuilt_ || Clock::now() - *rebuilt_ > kRebuildAgain;
  // Also happens to a member that is alone, after an outage longer than its session.
  if (error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID && may_rebuild) {
    fenced_ = true;
  } else {
    failure_ = kafka_error_text(error, text);
  }
}

void KafkaSource::rebuild() {
  fenced_ = false;
  rebuilt_ = Clock::now();
  free_messages();
  filled_ = 0;
  for (const auto& slot : assignment_.slots()) {
    if (std::exchange(slot->active, false)) event(EventKind::kRevoked, *slot);
    slot->leaving = false;
  }
  broken(kafka_error_text(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
                          "the broker took group instance \"" + config_.group_instance +
                              "\" for a newer one; joining again"));
  close(milliseconds{2'000});
  assignment_.forget_client();
  assign_pending_ = unassign_pending_ = false;
  complete_ = false;
  if (base::Status ok = connect(); !ok) failure_ = ok.error();
}

void KafkaSource::event(EventKind kind, const Slot& slot, base::Error error) {
  events_.push_back({.kind = kind,
                     .task = slot.task,
                     .epoch = slot.epoch,
                     .offset = slot.next,
                     .error = std::move(error)});
}

void KafkaSource::free_messages() noexcept {
  for (std::size_t i = 0; i < taken_; ++i) rd_kafka_message_destroy(messages_[i]);
  taken_ = 0;
}

void KafkaSource::pause(std::span<const record::TaskId> tasks) {
  for (const record::TaskId& task : tasks) {
    if (Slot* slot = assignment_.find(task)) slot->paused = true;
  }
  update_pause();
}

void KafkaSource::resume(std::span<const record::TaskId> tasks) {
  std::vector<const Slot*> held;
  for (const record::TaskId& task : tasks) {
    Slot* slot = assignment_.find(task);
    if (slot == nullptr) continue;
    slot->paused = false;
    if (std::exchange(slot->held, false) && slot->active && !slot->done) held.push_back(slot);
  }
  if (!held.empty() && consumer_) {
    const PartitionList list = list_of(held);
    rd_kafka_resume_partitions(consumer_->client(), list.get());
  }
  update_pause();
}

void KafkaSource::update_pause() {
  std::size_t running = 0;
  std::size_t paused = 0;
  for (const auto& slot : assignment_.slots()) {
    if (!slot->active || slot->done) continue;
    ++(slot->paused ? paused : running);
  }
  const bool all = paused != 0 && running == 0;
  if (all && !all_paused_) paused_since_ = Clock::now();
  all_paused_ = all;
  if (paused != 0 && running != 0) hold_paused();
}

void KafkaSource::hold_paused() {
  std::vector<const Slot*> hold;
  for (const auto& slot : assignment_.slots()) {
    if (!slot->active || slot->done || !slot->paused) continue;
    if (!std::exchange(slot->held, true)) hold.push_back(slot.get());
  }
  if (hold.empty() || !consumer_) return;
  const PartitionList list = list_of(hold);
  rd_kafka_pause_partitions(consumer_->client(), list.get());
}

base::Status KafkaSource::commit(std::span<const TaskPosition> positions) {
  if (config_.group.empty() || !consumer_) return {};
  const PartitionList list = make_partition_list(static_cast<int>(positions.size()));
  for (const TaskPosition& position : positions) {
    const Slot* slot = assignment_.find(position.task);
    if (slot == nullptr || slot->epoch != position.epoch || position.position < 0) continue;
    if (!slot->active && !slot->leaving) continue;  // not ours to commit any more
    rd_kafka_topic_partition_list_add(list.get(), slot->topic.c_str(), slot->task.partition)
        ->offset = position.position;
  }
  if (list->cnt == 0) return {};
  // rd_kafka_commit has no deadline: the answer comes through a queue of our own.
  const QueueHandle answers(rd_kafka_queue_new(consumer_->client()));
  const std::string what = "commit of group \"" + config_.group + '"';
  auto error =
      rd_kafka_commit_queue(consumer_->client(), list.get(), answers.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(error, what);
  const milliseconds deadline = broken_ ? kBrokenCommit : config_.commit_timeout;
  const EventHandle answer(
      rd_kafka_queue_poll(answers.get(), static_cast<int>(deadline.count())));
  if (!answer) return kafka_error(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
  error = rd_kafka_event_error(answer.get());
  const rd_kafka_topic_partition_list_t* done =
      rd_kafka_event_topic_partition_list(answer.get());
  for (int i = 0; done != nullptr && i < done->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    error = done->elems[i].err;
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(error, what);
  return {};
}

std::vector<TaskPosition> KafkaSource::positions() const {
  std::vector<TaskPosition> out;
  for (const auto& slot : assignment_.slots()) {
    if (!slot->active) continue;
    std::int64_t low = -1;
    std::int64_t high = -1;
    if (consumer_) {
      rd_kafka_get_watermark_offsets(consumer_->client(), slot->topic.c_str(),
                                     slot->task.partition, &low, &high);
    }
    if (slot->end != Slot::kNoEnd) high = slot->end;
    out.push_back({.task = slot->task,
                   .epoch = slot->epoch,
                   .position = slot->next,
                   .low_watermark = std::max<std::int64_t>(low, -1),
                   .high_watermark = std::max<std::int64_t>(high, -1)});
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
  filled_ = 0;
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
  if (!config.pattern.empty()) {
    if (base::Status ok = check_pattern(config.pattern); !ok) return ok.error();
  }
  if (count == 0 || (count > 1 && !config.group.empty())) {
    return base::invalid_argument(
        count == 0 ? "expected at least one source"
                   : "several sources share out partitions by direct assignment; with a group, the "
                     "group does that: start more workers instead");
  }
  const auto topics = std::make_shared<TopicTable>(config.topics);
  std::vector<std::unique_ptr<Source>> sources;
  for (std::size_t i = 0; i < count; ++i) {
    auto source =
        std::make_unique<KafkaSource>(anchored(config), Share{.index = i, .count = count}, topics);
    if (base::Status ok = source->connect(); !ok) return ok.error();
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace headrace::source
