// Ingest: what the source reports, and the positions it is told.
#include <algorithm>
#include <string>
#include <utility>

#include <headrace/pipeline/ingest.hpp>

namespace headrace::pipeline {
namespace {

using source::EventKind;
using source::SourceEvent;
using std::chrono::milliseconds;

constexpr milliseconds kPositionsEvery{200};
// A revoked task is given back with the next poll: results of it that are nearly acknowledged are
// worth this much patience, for what is not committed is computed twice.
constexpr milliseconds kSettle{1'000};

// A broker that does not answer must not hold up reading for longer, and a stop hardly at all.
constexpr milliseconds kCommit{5'000};
constexpr milliseconds kCommitAtStop{150};

record::Reject undelivered(const SourceEvent& event) {
  record::Reject reject;
  reject.reason = record::RejectReason::kBroker;
  reject.detail = event.error.message;
  reject.offset = event.offset;
  reject.form = record::ValueForm::kNone;
  return reject;
}

}  // namespace

void Ingest::take_events(std::span<const SourceEvent> events) {
  std::vector<IngestTask*> left;
  for (const SourceEvent& event : events) {
    if (event.kind != EventKind::kRevoked) settle(left);
    switch (event.kind) {
      case EventKind::kAssigned:
        assigned(event);
        break;
      case EventKind::kRevoked:
        if (const auto known = tasks_.find(event.task); known != tasks_.end()) {
          // First: what is done of it is still ours to commit.
          TaskSlot& slot = known->second.task->slot();
          slot.leaving.store(known->second.task->epoch(), std::memory_order_release);
          counters_.stale.fetch_add(known->second.task->revoke(), std::memory_order_relaxed);
          left.push_back(known->second.task.get());
        }
        break;
      case EventKind::kRejected:
        take_undelivered(event);
        break;
      case EventKind::kBroken:
      case EventKind::kWaiting:
        say(event.error.message);
        break;
      case EventKind::kHealed:
        say({});
        break;
      case EventKind::kReachedEnd:  // said to merges once the poll's records are taken
        break;
    }
  }
  settle(left);
}

void Ingest::assigned(const SourceEvent& event) {
  const bool again = tasks_.contains(event.task);
  Entry& entry = entry_of(event.task);
  std::shared_ptr<const Restored> restored;
  TaskSlot& slot = entry.task->slot();
  if (house_.recovery != nullptr) {
    const PartitionName name = slot.partition();
    restored = house_.recovery->take(name);
    if (restored && house_.delivery != nullptr) {
      house_.delivery->assigned(
          name, {.task = slot.task, .epoch = event.epoch},
          {.offset = restored->committed.offset, .metadata = restored->committed.metadata});
    }
    if (restored && house_.junction != nullptr) {
      if (restored->begin < restored->replay_until) house_.junction->expect_replay();
      base::Status status =
          restored->state ? house_.junction->load(*restored->state) : base::Status{};
      if (!status) return house_.life.fail(status.error());
    }
    const std::lock_guard lock(slot.mutex);
    slot.restored = restored;
  }
  base::Result<std::size_t> lost = entry.task->assign(event.epoch, restored.get());
  if (!lost) return house_.life.fail(lost.error());
  open_channel(entry);
  counters_.stale.fetch_add(*lost, std::memory_order_relaxed);
  if (paused_) source_->pause(std::span(&event.task, 1));
  if (!again || restored) return say({});
  say(source_->topics().at(static_cast<std::size_t>(event.task.topic)) + '/' +
      std::to_string(event.task.partition) +
      " was assigned anew: its state began again at offset " + std::to_string(event.offset));
}

void Ingest::take_undelivered(const SourceEvent& event) {
  IngestTask& task = *open_entry(event.task).task;
  if (!task.assigned()) {  // given back: not ours to hand on
    counters_.stale.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (task.ends_replay(event.offset)) cut(task, {});
  task.add_reject(undelivered(event));
  counters_.records.fetch_add(1, std::memory_order_relaxed);
}

// Commits what is finished of tasks that are about to be given back.
void Ingest::settle(std::vector<IngestTask*>& left) {
  if (left.empty()) return;
  if (house_.coordinator != nullptr) {
    std::vector<TaskSlot*> slots;
    for (IngestTask* task : left) slots.push_back(&task->slot());
    house_.coordinator->release(slots);
  }
  if (house_.delivery == nullptr) commit_acknowledged(left);  // else that is done
  if (house_.junction != nullptr) {
    for (IngestTask* task : left) house_.junction->close(task->slot());
    house_.computes.front()->ring_bell();
  }
  left.clear();
}

void Ingest::commit_acknowledged(const std::vector<IngestTask*>& tasks) {
  const std::vector<std::uint64_t> numbers = request_flush(house_.computes);
  const Clock::time_point until = Clock::now() + kSettle;
  while (!flushed(house_.computes, numbers) && !house_.life.stopping() && Clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  }
  commit(tasks);
}

void Ingest::keep_house(Clock::time_point now) {
  if (now >= next_positions_) {
    note_positions();
    next_positions_ = now + kPositionsEvery;
  }
  if (house_.delivery != nullptr) return;  // positions go with the results
  if (flush_asked_.empty() && now >= next_commit_) flush_asked_ = request_flush(house_.computes);
  if (flush_asked_.empty() || !flushed(house_.computes, flush_asked_)) return;
  flush_asked_.clear();
  commit(all_tasks());
  next_commit_ = now + house_.options.commit_interval;
}

void Ingest::note_positions() {
  const Clock::time_point now = Clock::now();
  for (const source::TaskPosition& position : source_->positions()) {
    const auto known = tasks_.find(position.task);
    if (known == tasks_.end()) continue;
    if (house_.junction != nullptr) rest_if_silent(known->second, position, now);
    TaskSlot& slot = known->second.task->slot();
    const std::lock_guard lock(slot.mutex);
    slot.marks = position;
  }
}

void Ingest::commit(const std::vector<IngestTask*>& tasks) {
  if (house_.delivery != nullptr) return;
  std::vector<source::TaskPosition> positions;
  for (IngestTask* task : tasks) {
    TaskSlot& slot = task->slot();
    const std::lock_guard lock(slot.mutex);
    const Acknowledged& done = slot.acknowledged;
    if (done.epoch != task->epoch() || done.position < 0) continue;
    std::int64_t& committed = committed_.try_emplace(&slot, -1).first->second;
    if (done.position == committed) continue;
    committed = done.position;
    positions.push_back({.task = slot.source_task, .epoch = done.epoch, .position = done.position});
  }
  if (positions.empty()) return;
  const bool stopping = house_.life.stopping();
  base::Status status = source_->commit(positions, stopping ? kCommitAtStop : kCommit);
  const std::string trouble = std::exchange(commit_trouble_, {});
  if (status) {
    if (!trouble.empty() && message() == trouble) say({});
    return;
  }
  committed_.clear();  // to be tried again with the next commit
  const base::ErrorCode code = status.error().code;
  if (code == base::ErrorCode::kAuthorization || code == base::ErrorCode::kAuthentication) {
    house_.life.fail(status.error());
  } else if (stopping || contact_ != source::Connection::kLost) {  // else that is said already
    commit_trouble_ = status.error().message;
    say(commit_trouble_);
  }
}

std::vector<IngestTask*> Ingest::all_tasks() {
  std::vector<IngestTask*> all;
  for (auto& [id, entry] : tasks_) all.push_back(entry.task.get());
  return all;
}

}  // namespace headrace::pipeline
