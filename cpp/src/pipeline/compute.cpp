#include <headrace/pipeline/compute.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include <headrace/pipeline/thread_setup.hpp>

namespace headrace::pipeline {
namespace {

using std::chrono::milliseconds;

// Parcels taken from a ring at once: what was taken no longer counts as waiting, so few.
constexpr std::size_t kBlock = 4;
// Rows that an ingest thread may work off itself: some microseconds of most pipelines, so that
// polling is not held up; larger batches are worth the hand-over.
constexpr std::size_t kRunHereRows = 32;
// A flush is asked in slices, so that a stop is noticed. How long a sink may take altogether is its
// own affair: it says when something is lost.
constexpr milliseconds kFlushSlice{50};

}  // namespace

Compute::Compute(TaskRecipe recipe, Outlet& outlet, Lifecycle& life, std::size_t producers,
                 const EngineOptions& options)
    : recipe_(recipe), outlet_(outlet), life_(life), fail_on_reject_(options.fail_on_reject) {
  for (std::size_t i = 0; i < producers; ++i) {
    lanes_.push_back(std::make_unique<Lane>(options.ring_batches));
  }
  block_.resize(std::max(kBlock, lanes_.front()->ring.capacity()));
}

void Compute::start(const std::string& name) {
  thread_ = start_thread(name, life_, [this] {
    run_guarded(life_, [this] { run(); });
    life_.compute_ended();  // others wait for it, however the thread ends
  });
}

void Compute::join() {
  if (thread_.joinable()) thread_.join();
}

void Compute::doom(std::size_t producer, std::size_t parcels) noexcept {
  lanes_[producer]->doomed.fetch_add(parcels, std::memory_order_relaxed);
}

std::size_t Compute::doomed(std::size_t producer) const noexcept {
  return lanes_[producer]->doomed.load(std::memory_order_relaxed);
}

void Compute::congested(std::size_t producer) noexcept {
  lanes_[producer]->congested.store(true, std::memory_order_relaxed);
}

void Compute::producer_ended(std::size_t producer) noexcept {
  lanes_[producer]->ended.store(true, std::memory_order_release);
  bell_.ring();
}

std::uint64_t Compute::request_flush() noexcept {
  const std::uint64_t number = flush_wanted_.fetch_add(1, std::memory_order_acq_rel) + 1;
  bell_.ring();
  return number;
}

Digest Compute::digest() const {
  const std::lock_guard turn(turn_);
  Digest sum = of_former_;
  for (const TaskSlot* slot : slots_) {
    if (slot->running) sum.combine(slot->running->digest());
  }
  return sum;
}

void Compute::run() {
  for (;;) {
    const bool ended = all_producers_ended();  // before looking: what they pushed last is there
    bool worked = false;
    for (const auto& lane : lanes_) worked = serve(*lane) || worked;
    worked = resume_put_off() || worked;
    if (flush_wanted_.load(std::memory_order_acquire) != flushed()) {
      flush();
    } else if (recipe_.junction != nullptr && recipe_.junction->stirred()) {
      recipe_.junction->settle();
    } else if (!worked) {
      if (ended) break;
      bell_.wait();
    }
  }
  finish_tasks();
  if (recipe_.junction != nullptr) recipe_.junction->leave();
  flush();
}

bool Compute::all_producers_ended() const noexcept {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane->ended.load(std::memory_order_acquire); });
}

bool Compute::run_here(std::size_t producer, Parcel& parcel) {
  // A few rows can make many more due where streams flow together.
  if (recipe_.junction != nullptr) return false;
  const bool calls_out = !recipe_.leaves.front()->functions().empty();
  const bool may_wait = outlet_.has_sinks() || calls_out;
  if (parcel.batch.rows() > kRunHereRows || may_wait) return false;
  const std::unique_lock turn(turn_, std::try_to_lock);
  // Parcels are popped and worked off in one turn: an empty ring has nothing under way.
  if (!turn.owns_lock() || lanes_[producer]->ring.size() != 0) return false;
  handle(parcel);
  return true;
}

bool Compute::serve(Lane& lane) {
  if (lane.ring.size() == 0) return false;
  halted_.wait(true, std::memory_order_acquire);  // or whoever waits for its turn might for long
  const std::lock_guard turn(turn_);
  const bool congested = lane.congested.exchange(false, std::memory_order_relaxed);
  const std::size_t most = congested ? block_.size() : kBlock;
  const std::size_t n = lane.ring.pop({block_.data(), most});
  const std::span<ParcelPtr> parcels(block_.data(), n);
  thin_out(lane, parcels);
  if (congested) counters_.dropped.fetch_add(conflate(parcels), std::memory_order_relaxed);
  for (ParcelPtr& parcel : parcels) {
    if (!leaves_alone() && !puts_off(parcel)) handle(*parcel);
    parcel.reset();
  }
  return n > 0;
}

void Compute::thin_out(Lane& lane, std::span<ParcelPtr> parcels) {
  for (const ParcelPtr& parcel : parcels) {
    if (lane.doomed.load(std::memory_order_relaxed) == 0) return;
    counters_.dropped.fetch_add(drop_rows(*parcel), std::memory_order_relaxed);
    lane.doomed.fetch_sub(1, std::memory_order_relaxed);
  }
}

// What comes after a repetition waits until every partition that flows into the same merge has come
// to the end of its own: only then is it known that all results so far were given out before.
bool Compute::puts_off(ParcelPtr& parcel) {
  if (recipe_.recovery == nullptr || recipe_.junction == nullptr || parcel->replay) return false;
  if (!recipe_.junction->replaying()) return false;
  put_off_.push_back(std::move(parcel));
  return true;
}

bool Compute::resume_put_off() {
  if (put_off_.empty() || recipe_.junction->replaying()) return false;
  const std::lock_guard turn(turn_);
  for (ParcelPtr& parcel : std::exchange(put_off_, {})) {
    if (!leaves_alone()) handle(*parcel);
  }
  return true;
}

void Compute::handle(Parcel& parcel) {
  TaskSlot& slot = *parcel.slot;
  if (!slot.live(parcel.epoch)) {
    counters_.stale.fetch_add(parcel.batch.rows() + parcel.rejects.size(),
                              std::memory_order_relaxed);
    return;
  }
  if (!slot.running || slot.running_epoch != parcel.epoch) {
    if (base::Status status = renew(slot, parcel.epoch); !status) return life_.fail(status.error());
  }
  if (parcel.keys) {
    slot.keys = std::move(parcel.keys);
    slot.key_count = parcel.key_count;
    slot.newest_ns = parcel.newest_ns;
  }
  if (slot.replaying && !parcel.replay) {
    if (base::Status status = end_replay(slot); !status) return life_.fail(status.error());
  }
  process(parcel);
  const std::shared_ptr<const Restored> beginning = slot.replaying ? slot.beginning() : nullptr;
  if (!beginning || slot.done.load() < beginning->replay_until) return;
  if (base::Status status = end_replay(slot); !status) return life_.fail(status.error());
}

base::Status Compute::end_replay(TaskSlot& slot) {
  slot.replaying = false;
  if (recipe_.junction != nullptr) return recipe_.junction->end_replay(slot);
  const std::shared_ptr<const Restored> beginning = slot.beginning();
  return recipe_.recovery->verify(slot.name(), slot.replayed, *beginning, slot.running->digest());
}

void Compute::halt() {
  halted_.store(true, std::memory_order_release);
  turn_.lock();
}

void Compute::go_on() {
  turn_.unlock();
  halted_.store(false, std::memory_order_release);
  halted_.notify_all();
}

void Compute::process(Parcel& parcel) {
  if (parcel.notice == Notice::kEnded && parcel.slot->running->holds_rows()) {
    return work_off(parcel, &Task::finish);  // a merge is to have all before it hears of the end
  }
  if (parcel.batch.rows() == 0) return hand_on(parcel, 0);
  note_event_times(parcel);
  // A task that holds rows back gives them out in an order of its own: then they say it all.
  if (recipe_.junction != nullptr && !parcel.slot->running->holds_rows()) {
    parcel.read = {.offsets = parcel.batch.offsets,
                   .times = parcel.batch.event_times,
                   .rows = parcel.batch.rows()};
  }
  work_off(parcel, &Task::process);
}

void Compute::work_off(Parcel& parcel, Work work) {
  Task& task = *parcel.slot->running;
  const std::size_t entered = parcel.batch.rows();
  const std::uint64_t dropped = task.dropped();
  const std::uint64_t late = task.late();
  const std::uint64_t evicted = task.evicted();
  base::Status status = (task.*work)(parcel.batch, parcel.rejects);
  // Cancelled, since the run is stopping: not done, and so not committed either.
  gave_up_ = !status && status.error().code == base::ErrorCode::kCancelled && life_.stopping();
  if (gave_up_) return;
  if (!status) return life_.fail(status.error());
  outlet_.rejects().count(record::RejectReason::kRule, task.dropped() - dropped);
  outlet_.rejects().count_late(task.late() - late);
  counters_.evicted.fetch_add(task.evicted() - evicted, std::memory_order_relaxed);
  hand_on(parcel, entered);
}

void Compute::hand_on(Parcel& parcel, std::size_t entered) {
  TaskSlot& slot = *parcel.slot;
  if (!slot.live(parcel.epoch)) {  // revoked while we worked: nothing of it is handed on
    counters_.stale.fetch_add(entered, std::memory_order_relaxed);
    return;
  }
  fill_from_originals(parcel);
  if (parcel.replay) {
    slot.replayed += entered;
    parcel.rejects.clear();
  }
  if (parcel.replay && recipe_.junction == nullptr) {
    return slot.done.store(parcel.next_offset, std::memory_order_release);
  }
  const std::optional<base::Error> refused = refusal(parcel);
  base::Status status = outlet_.deliver_rejects(std::move(parcel.rejects),
                                                {.task = slot.task, .epoch = parcel.epoch});
  if (refused) return life_.fail(*refused);
  if (status) status = pass_on(parcel);
  if (status) return slot.done.store(parcel.next_offset, std::memory_order_release);
  if (!life_.past_drain()) life_.fail(status.error());
}

// Results to the outlet, rows of a merge to the junction.
base::Status Compute::pass_on(Parcel& parcel) {
  if (recipe_.junction != nullptr) return recipe_.junction->take(parcel);
  if (parcel.batch.rows() == 0) return {};
  const auto batch = std::make_shared<const record::RecordBatch>(std::move(parcel.batch));
  base::Status status = outlet_.deliver(batch);
  if (status) return {};
  // Cancelled, since the run is stopping: not done, and so not committed either.
  std::atomic<std::int64_t>& done = parcel.slot->done;
  for (const std::int64_t offset : batch->offset_values()) {  // rows held back may be older
    if (offset < done.load()) done.store(offset, std::memory_order_release);
  }
  return status;
}

// Rows that are held back when the records end come out now; of a task that went elsewhere they are
// read again there.
void Compute::finish_tasks() {
  // What is held is part of the state that the next run goes on with.
  if (recipe_.recovery != nullptr && life_.stopping()) return;
  const std::lock_guard turn(turn_);
  for (TaskSlot* slot : slots_) {
    if (gave_up_) return;
    if (!slot->running->holds_rows() || !slot->live(slot->running_epoch) || life_.past_flush()) {
      continue;
    }
    Parcel last{.slot = slot, .epoch = slot->running_epoch, .next_offset = slot->done.load()};
    last.batch.task = slot->task;
    last.batch.epoch = last.epoch;
    last.batch.next_offset = last.next_offset;
    last.batch.ingest_steady_ns = std::chrono::steady_clock::now().time_since_epoch().count();
    work_off(last, life_.stopping() ? &Task::stop : &Task::finish);
  }
}

// Why a run that is to have no dead letters ends with this parcel.
std::optional<base::Error> Compute::refusal(const Parcel& parcel) const {
  if (!fail_on_reject_ || parcel.rejects.empty()) return std::nullopt;
  const auto first =
      std::min_element(parcel.rejects.begin(), parcel.rejects.end(),
                       [](const auto& a, const auto& b) { return a.offset < b.offset; });
  return base::Error{.code = base::ErrorCode::kRecordRejected,
                     .message = record::text_of(*first, parcel.slot->topic)};
}

base::Status Compute::renew(TaskSlot& slot, std::uint32_t epoch) {
  const Plan& plan = *recipe_.leaves[slot.leaf];
  const bool with_digest =
      (recipe_.with_digest || recipe_.recovery != nullptr) && recipe_.junction == nullptr;
  const std::size_t elsewhere =
      recipe_.recovery != nullptr ? plan.leading_stateless_rules() : plan.leading_rules();
  base::Result<Task> fresh = Task::create(plan, with_digest, elsewhere);
  if (!fresh) return fresh.error();
  if (slot.running) {
    of_former_.combine(slot.running->digest());
  } else {
    slots_.push_back(&slot);
  }
  slot.running.emplace(std::move(*fresh));
  slot.running_epoch = epoch;
  slot.done.store(-1, std::memory_order_release);
  const std::shared_ptr<const Restored> beginning = slot.beginning();
  if (!beginning) return {};
  base::Status status = begin_at(slot, *beginning);
  slot.forget_state();
  recipe_.recovery->done_with(slot.partition());
  return status;
}

base::Status Compute::begin_at(TaskSlot& slot, const Restored& beginning) {
  slot.commit = beginning.commit;
  slot.from = beginning.first;
  slot.cut_at = beginning.committed.offset;
  slot.saved_at = beginning.state ? beginning.begin : -1;
  slot.replayed = 0;
  slot.replaying = beginning.begin < beginning.replay_until;
  if (!beginning.state) return {};
  slot.done.store(beginning.begin, std::memory_order_release);
  return slot.running->load(*beginning.state, slot.section(""));
}

void Compute::note_event_times(const Parcel& parcel) {
  if (!parcel.batch.event_times) return;
  const auto* times = parcel.batch.event_times->as<std::int64_t>();
  const std::int64_t newest = *std::max_element(times, times + parcel.batch.rows());
  std::atomic<std::int64_t>& seen = parcel.slot->max_event_time;
  if (newest > seen.load(std::memory_order_relaxed)) seen.store(newest, std::memory_order_relaxed);
}

void Compute::flush() {
  const std::uint64_t wanted = flush_wanted_.load(std::memory_order_acquire);
  const std::vector<Acknowledged> safe = safe_positions();
  base::Result<bool> acknowledged = false;
  do {
    acknowledged = outlet_.flush(kFlushSlice);
  } while (acknowledged && !*acknowledged && !life_.past_flush());
  if (!acknowledged) {
    life_.fail(acknowledged.error());
  } else if (*acknowledged) {
    const std::lock_guard turn(turn_);
    for (std::size_t i = 0; i < safe.size(); ++i) {
      const std::lock_guard lock(slots_[i]->mutex);
      slots_[i]->acknowledged = safe[i];
    }
  }
  flushed_.store(wanted, std::memory_order_release);
}

// Of each task that runs here. To be asked before a flush: other threads may deliver meanwhile what
// it does not wait for.
std::vector<Acknowledged> Compute::safe_positions() const {
  const std::lock_guard turn(turn_);
  std::optional<ops::HeldOffsets> merged;
  if (recipe_.junction != nullptr) merged = recipe_.junction->held();
  std::vector<Acknowledged> safe;
  for (const TaskSlot* slot : slots_) {
    std::int64_t position = std::min(slot->done.load(), slot->running->first_held());
    if (merged) position = merged->unknown() ? -1 : std::min(position, merged->first(slot->task));
    safe.push_back({.epoch = slot->running_epoch, .position = position});
  }
  return safe;
}

std::vector<std::uint64_t> request_flush(const std::vector<std::unique_ptr<Compute>>& computes) {
  std::vector<std::uint64_t> numbers;
  for (const auto& compute : computes) numbers.push_back(compute->request_flush());
  return numbers;
}

bool flushed(const std::vector<std::unique_ptr<Compute>>& computes,
             const std::vector<std::uint64_t>& numbers) noexcept {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (computes[i]->flushed() < numbers[i]) return false;
  }
  return true;
}

}  // namespace headrace::pipeline
