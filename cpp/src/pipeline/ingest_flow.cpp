// Ingest: room in the rings, and what to do without it.
#include <algorithm>
#include <iterator>
#include <utility>

#include <headrace/pipeline/ingest.hpp>

namespace headrace::pipeline {
namespace {

// Takes the oldest parcel away; its rejects go on with the next one.
void merge_oldest(std::deque<ParcelPtr>& parcels) {
  const ParcelPtr oldest = std::move(parcels.front());
  parcels.pop_front();
  record::Rejects& rejects = parcels.front()->rejects;
  rejects.insert(rejects.begin(), std::make_move_iterator(oldest->rejects.begin()),
                 std::make_move_iterator(oldest->rejects.end()));
}

// Conflates what waits, and lets empty parcels go.
std::size_t conflate_waiting(std::deque<ParcelPtr>& parcels) {
  std::vector<ParcelPtr> all(std::make_move_iterator(parcels.begin()),
                             std::make_move_iterator(parcels.end()));
  const std::size_t dropped = conflate(all);
  parcels.assign(std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
  const std::size_t n = parcels.size();
  for (std::size_t i = 0; i + 1 < n; ++i) {
    if (parcels.front()->batch.rows() == 0) {
      merge_oldest(parcels);
    } else {
      parcels.push_back(std::move(parcels.front()));
      parcels.pop_front();
    }
  }
  // The newest one was never looked at: it is in front now, behind it the others in order.
  parcels.push_back(std::move(parcels.front()));
  parcels.pop_front();
  return dropped;
}

}  // namespace

void Ingest::send(base::Result<ParcelPtr> parcel) {
  if (!parcel) return house_.life.fail(parcel.error());
  const std::size_t to = (*parcel)->slot->compute;
  Compute& compute = *house_.computes[to];
  if (waiting_[to].empty()) {
    if (compute.run_here(index_, **parcel)) return;
    if (compute.ring(index_).try_push(std::move(*parcel))) {
      compute.ring_bell();
      return;
    }
  }
  waiting_[to].push_back(std::move(*parcel));
  no_room(to);
}

void Ingest::no_room(std::size_t to) {
  Compute& compute = *house_.computes[to];
  std::deque<ParcelPtr>& parcels = waiting_[to];
  const std::size_t capacity = compute.ring(index_).capacity();
  switch (house_.options.overflow) {
    case Overflow::kPause:
      if (std::exchange(paused_, true)) return;
      counters_.pauses.fetch_add(1, std::memory_order_relaxed);
      source_->pause(live_tasks());
      return;
    case Overflow::kDropOldest:
      if (compute.doomed(index_) < capacity) {
        compute.doom(index_, 1);
      } else if (parcels.size() > 1) {  // all of the ring is lost already: the oldest is here
        counters_.dropped.fetch_add(drop_rows(*parcels.front()), std::memory_order_relaxed);
        merge_oldest(parcels);
      }
      return;
    case Overflow::kConflate:
      compute.congested(index_);
      if (parcels.size() <= std::max(capacity, conflate_at_[to])) return;
      counters_.dropped.fetch_add(conflate_waiting(parcels), std::memory_order_relaxed);
      conflate_at_[to] = 2 * parcels.size();  // many keys: not at every parcel again
      return;
  }
}

void Ingest::unload() {
  for (std::size_t to = 0; to < waiting_.size(); ++to) {
    std::deque<ParcelPtr>& parcels = waiting_[to];
    if (parcels.empty()) continue;
    Compute& compute = *house_.computes[to];
    while (!parcels.empty() && compute.ring(index_).try_push(std::move(parcels.front()))) {
      parcels.pop_front();
    }
    compute.ring_bell();
  }
  if (paused_) resume_if_room();
}

// At half, not at the first free place: to pause and resume costs the client its fetched records.
void Ingest::resume_if_room() {
  for (std::size_t to = 0; to < waiting_.size(); ++to) {
    const Compute::Ring& ring = house_.computes[to]->ring(index_);
    if (!waiting_[to].empty() || ring.size() > ring.capacity() / 2) return;
  }
  paused_ = false;
  source_->resume(live_tasks());
}

// Those that are held back are paused anyhow.
std::vector<record::TaskId> Ingest::live_tasks() const {
  std::vector<record::TaskId> live;
  for (const auto& [id, entry] : tasks_) {
    if (entry.task->assigned() && !entry.held_back) live.push_back(id);
  }
  return live;
}

}  // namespace headrace::pipeline
