// Partitions that come and go, and what is remembered about them.
#include <algorithm>
#include <utility>

#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/kafka_reader.hpp>

namespace headrace::source {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kRebuildClose{2'000};
// Where no broker is there, or the last commit was not acknowledged, the next one hardly will be
// and must not hold up reading.
constexpr milliseconds kBrokenCommit{200};

}  // namespace

void KafkaReader::serve(const Notice& notice) {
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
      unanswered(notice.error);
      break;
    case NoticeKind::kHealed:
      healed();
      break;
    case NoticeKind::kRange:
      reposition(notice);
      break;
    case NoticeKind::kIdle:
      require(consumer_->join_again(config_));
      break;
    case NoticeKind::kFatal:
      failure_ = in_words(notice.error, nullptr);
      break;
  }
}

// Positions are known: tell librdkafka where to read.
void KafkaReader::begin(const Notice& notice) {
  if (in_group() && (!assign_pending_ || notice.generation != generation_)) return;  // outdated
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
  if (!std::exchange(checked_cover_, true)) consumer_->watcher().check_cover();
  flow_.update();
}

// The broker does not have the position that we asked for; notice.range says what it has.
void KafkaReader::reposition(const Notice& notice) {
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

void KafkaReader::on_assign(std::vector<TopicPartition> partitions) {
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
void KafkaReader::on_revoke(std::vector<TopicPartition> partitions) {
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

void KafkaReader::unassign_left() {
  if (!std::exchange(unassign_pending_, false)) return;
  std::vector<Place> left;
  for (const auto& slot : assignment_.slots()) {
    if (std::exchange(slot->leaving, false)) left.push_back(slot->place());
  }
  require(consumer_->unassign(left));
}

void KafkaReader::rebuild() {
  fenced_ = false;
  rebuilt_ = std::chrono::steady_clock::now();
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
  complete_ = checked_cover_ = false;
  require(connect());
}

base::Status KafkaReader::commit(std::span<const TaskPosition> positions, milliseconds deadline) {
  if (!consumer_) return {};
  std::vector<Place> places;
  for (const TaskPosition& position : positions) {
    const Slot* slot = assignment_.find(position.task);
    if (slot == nullptr || slot->epoch != position.epoch || position.position < 0) continue;
    if (!slot->active && !slot->leaving) continue;  // not ours to commit any more
    places.push_back(slot->place());
    places.back().offset = position.position;
  }
  const bool hopeless = link_.broken() || slow_commits_;
  base::Status status =
      consumer_->commit(places, hopeless ? std::min(deadline, kBrokenCommit) : deadline);
  slow_commits_ = !status && status.error().native_code == RD_KAFKA_RESP_ERR__TIMED_OUT;
  return status;
}

std::vector<TaskPosition> KafkaReader::positions() const {
  std::vector<TaskPosition> out;
  for (const auto& slot : assignment_.slots()) {
    if (!slot->active) continue;
    OffsetRange range{.low = -1, .high = -1};
    if (consumer_) range = consumer_->watermarks(slot->topic, slot->task.partition);
    if (slot->end != Slot::kNoEnd) range.high = slot->end;
    out.push_back({.task = slot->task,
                   .epoch = slot->epoch,
                   .position = slot->next,
                   .behind_last = slot->behind_last(),
                   .low_watermark = range.low,
                   .high_watermark = range.high});
  }
  return out;
}

}  // namespace headrace::source
