#include <headrace/pipeline/ingest.hpp>

#include <algorithm>
#include <utility>

#include <headrace/pipeline/thread_setup.hpp>

namespace headrace::pipeline {
namespace {

using source::Poll;
using source::RawRecord;
using std::chrono::milliseconds;

// A stop wakes the source, so this only bounds how old positions and commits get on a silent topic.
constexpr milliseconds kIdlePoll{100};
// While parcels wait for room: short, since room comes without the source's doing.
constexpr milliseconds kCrowdedPoll{1};
// What a sink refuses from the first record on (rights, sizes) comes out with the first flush.
constexpr milliseconds kFirstCommit{1'000};
constexpr milliseconds kCloseAtStop{100};
constexpr milliseconds kCloseAtEnd{2'000};

}  // namespace

Ingest::Ingest(House house, std::size_t index, std::unique_ptr<source::Source> source)
    : house_(house),
      index_(index),
      source_(std::move(source)),
      waiting_(house.computes.size()),
      conflate_at_(house.computes.size(), 0),
      contact_(source_->connection()) {
  house_.tasks.source = source_.get();
  for (const std::string& name : source_->topics()) (void)house_.registry.topic(name);
  if (house_.junction != nullptr) house_.junction->expect(house_.leaf);
}

void Ingest::start(const std::string& name) {
  thread_ = start_thread(name, house_.life, [this] { run(); });
}

void Ingest::join() {
  if (thread_.joinable()) thread_.join();
}

void Ingest::wake() noexcept {
  const std::lock_guard lock(mutex_);
  if (!closed_) source_->wake();
}

// However reading ends, the others are told, and the source is closed.
void Ingest::run() {
  next_commit_ = Clock::now() + std::min(house_.options.commit_interval, kFirstCommit);
  run_guarded(house_.life, [this] {
    read();
    finish();
  });
  for (const auto& compute : house_.computes) compute->producer_ended(index_);
  house_.life.ingest_ended();
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    closed_at_ = Clock::now();
  }
  source_->close(house_.life.stopping() ? kCloseAtStop : kCloseAtEnd);
}

void Ingest::read() {
  while (!house_.life.stopping()) {
    unload();
    if (house_.junction != nullptr) hold_back();
    base::Result<Poll> poll = source_->poll(patience());
    if (!poll) return house_.life.fail(poll.error());
    if (!take(*poll)) break;
  }
  cut_open({});
  if (house_.junction == nullptr || house_.life.stopping()) return;
  for (auto& [id, entry] : tasks_) end_channel(entry, {});
  say_reported();
}

milliseconds Ingest::patience() const {
  if (!open_.empty()) return milliseconds{0};
  const bool crowded = std::any_of(waiting_.begin(), waiting_.end(),
                                   [](const auto& parcels) { return !parcels.empty(); });
  return crowded || paused_ || held_back_ ? kCrowdedPoll : kIdlePoll;
}

// False when the source has come to its end.
bool Ingest::take(Poll& poll) {
  const Clock::time_point now = Clock::now();
  if (open_.empty()) {
    open_since_ = now;
    polled_ns_ = now.time_since_epoch().count();
  }
  note_contact(now);
  take_events(poll.events);
  take_typed(poll);
  take_records(poll.records);
  if (!tasks_.empty()) say_reported();
  end_channels(poll);
  const bool bytes_needed = house_.tasks.rules > 0;
  if (poll.records.empty() || bytes_needed || now - open_since_ >= kLongestWait) {
    cut_open(poll.records);
  }
  keep_house(now);
  return !poll.end;
}

// Everything that was read is computed, acknowledged and committed, in this order; polling goes on
// meanwhile, for the group's sake.
void Ingest::finish() {
  Lifecycle& life = house_.life;
  const auto all_handed_over = [&] {
    return std::all_of(waiting_.begin(), waiting_.end(),
                       [](const auto& parcels) { return parcels.empty(); });
  };
  while (!all_handed_over() && !life.past_drain()) {
    unload();
    if (!life.stopping()) (void)source_->poll(milliseconds{0});
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  for (const auto& compute : house_.computes) compute->producer_ended(index_);
  constexpr milliseconds kSlice{20};
  while (!life.wait_computes(kSlice)) {
    if (life.past_flush()) house_.outlet.cancel();
    if (!life.stopping()) (void)source_->poll(milliseconds{0});
  }
  note_positions();
  if (house_.coordinator != nullptr) house_.coordinator->finish(!life.stopping());
  if (life.failure()) return;
  const std::string before = message();
  commit(all_tasks());
  if (const std::string after = message(); life.stopping() && after != before) {
    say("the last positions were not committed: " + after);
  }
}

void Ingest::take_typed(Poll& poll) {
  std::uint64_t records = poll.rejects.size();
  for (record::Reject& reject : poll.rejects) {
    open_entry(reject.task).task->add_reject(std::move(reject));
  }
  for (record::RecordBatch& batch : poll.batches) {
    records += batch.rows();
    Entry& entry = entry_of(batch.task);
    entry.resting = false;
    send(entry.task->adopt(std::move(batch)));
  }
  counters_.records.fetch_add(records, std::memory_order_relaxed);
}

void Ingest::take_records(std::span<const RawRecord> records) {
  Entry* entry = nullptr;
  std::uint64_t tombstones = 0;
  for (const RawRecord& record : records) {
    if (entry == nullptr || record.task != entry->task->slot().source_task) {
      entry = &open_entry(record.task);
      entry->resting = false;
    }
    if (!entry->task->assigned()) {  // given back: not ours to hand on
      counters_.stale.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (entry->task->ends_replay(record.offset)) cut(*entry->task, records);
    if (record.tombstone) ++tombstones;
    if (entry->task->append(record, *entry->decoder)) cut(*entry->task, records);
  }
  counters_.tombstones.fetch_add(tombstones, std::memory_order_relaxed);
  counters_.records.fetch_add(records.size(), std::memory_order_relaxed);
}

// A source without assignments (a file) has tasks as soon as it has records of them.
Ingest::Entry& Ingest::entry_of(record::TaskId at_source) {
  if (const auto known = tasks_.find(at_source); known != tasks_.end()) return known->second;
  const std::string topic = source_->topics().at(static_cast<std::size_t>(at_source.topic));
  TaskSlot& slot = house_.registry.add(topic, at_source, house_.leaf);
  Entry& entry = tasks_[at_source];
  entry.task = std::make_unique<IngestTask>(house_.tasks, slot);
  entry.decoder = &decoder_of(at_source.topic);
  if (base::Result<std::size_t> fresh = entry.task->assign(0); !fresh) {
    throw base::Exception(fresh.error());
  }
  open_channel(entry);
  return entry;
}

Ingest::Entry& Ingest::open_entry(record::TaskId at_source) {
  Entry& entry = entry_of(at_source);
  if (!std::exchange(entry.listed, true)) open_.push_back(&entry);
  return entry;
}

// Topics may differ in the shape of their records, which a decoder remembers.
decode::Decoder& Ingest::decoder_of(std::int32_t topic_at_source) {
  std::unique_ptr<decode::Decoder>& decoder = decoders_[topic_at_source];
  if (!decoder) {
    const Plan& plan = house_.tasks.plan;
    decoder = decode::make_decoder(plan.format(), plan.input_schema(), plan.decoder_options())
                  .value_or_throw();
  }
  return *decoder;
}

void Ingest::cut(IngestTask& task, std::span<const RawRecord> records) {
  send(task.cut(records, polled_ns_));
}

void Ingest::cut_open(std::span<const RawRecord> records) {
  for (Entry* entry : open_) {
    entry->listed = false;
    if (entry->task->open()) cut(*entry->task, records);
  }
  open_.clear();
}

void Ingest::say(std::string message) {
  const std::lock_guard lock(mutex_);
  message_ = std::move(message);
}

// Only this thread writes, so it may look without the mutex.
void Ingest::note_contact(Clock::time_point now) {
  const source::Connection state = source_->connection();
  if (state == contact_) return;
  const std::lock_guard lock(mutex_);
  contact_ = state;
  contact_since_ = now;
}

Ingest::Contact Ingest::contact() const {
  const std::lock_guard lock(mutex_);
  const Clock::time_point until = closed_ ? closed_at_ : Clock::now();
  return {.state = contact_,
          .seconds = std::chrono::duration<double>(until - contact_since_).count()};
}

std::string Ingest::message() const {
  const std::lock_guard lock(mutex_);
  return message_;
}

}  // namespace headrace::pipeline
