// Ingest: what is said to a merge of each partition, and what it says of them.
#include <utility>

#include <headrace/pipeline/ingest.hpp>

namespace headrace::pipeline {

void Ingest::open_channel(Entry& entry) {
  if (house_.junction == nullptr) return;
  house_.junction->open(entry.task->slot(), entry.task->epoch());
  entry.ended = entry.resting = false;
  entry.silent_since = Clock::now();
  house_.computes.front()->ring_bell();
}

// Only now does a merge know all the partitions that its rows must wait for.
void Ingest::say_reported() {
  if (house_.junction == nullptr || std::exchange(reported_, true)) return;
  house_.junction->reported(house_.leaf);
  house_.computes.front()->ring_bell();
}

// The last records may have come with the same poll.
void Ingest::end_channels(const source::Poll& poll) {
  if (house_.junction == nullptr) return;
  for (const source::SourceEvent& event : poll.events) {
    if (event.kind != source::EventKind::kReachedEnd) continue;
    end_channel(entry_of(event.task), poll.records);
  }
}

void Ingest::end_channel(Entry& entry, std::span<const source::RawRecord> records) {
  if (!entry.task->assigned() || std::exchange(entry.ended, true)) return;
  if (entry.task->open()) cut(*entry.task, records);
  send(entry.task->notice(Notice::kEnded));
}

// A partition without a record has nothing that could be waited for; one that was read to its end
// may get more, and is waited for as long as the user wants.
void Ingest::rest_if_silent(Entry& entry, const source::TaskPosition& position,
                            Clock::time_point now) {
  const std::int64_t end = position.high_watermark;
  const bool empty = end >= 0 && end == position.low_watermark;
  if (!entry.task->assigned() || entry.ended || entry.resting || entry.task->open()) return;
  const bool read = end >= 0 && (empty || position.position >= end);
  if (!read || position.position != std::exchange(entry.position, position.position)) {
    entry.silent_since = now;
  }
  const bool silent =
      read && house_.idle_timeout && now - entry.silent_since >= *house_.idle_timeout;
  if (!silent && !(empty && read)) return;
  entry.resting = true;
  send(entry.task->notice(Notice::kResting));
}

// Reading goes on for the others, which those wait for.
void Ingest::hold_back() {
  held_back_ = false;
  const bool replaying = house_.junction->replaying();
  // What was put off for it goes on.
  if (std::exchange(replaying_, replaying) && !replaying) {
    for (const auto& compute : house_.computes) compute->ring_bell();
  }
  for (auto& [id, entry] : tasks_) {
    const bool early = replaying && entry.task->past_replay();
    const bool ahead = entry.task->assigned() && (early || entry.task->slot().ahead.load());
    held_back_ = held_back_ || ahead;
    if (ahead == std::exchange(entry.held_back, ahead) || !entry.task->assigned()) continue;
    if (ahead) {
      source_->pause(std::span(&id, 1));
    } else if (!paused_) {
      source_->resume(std::span(&id, 1));
    }
  }
}

}  // namespace headrace::pipeline
