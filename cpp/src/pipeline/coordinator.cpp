#include <headrace/pipeline/coordinator.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>
#include <utility>

#include <headrace/base/failpoint.hpp>
#include <headrace/pipeline/thread_setup.hpp>

namespace headrace::pipeline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFlushSlice{50};
constexpr milliseconds kWaitSlice{20};
// State of so many tasks is copied at one cut as fits into this; the others follow with the next.
constexpr milliseconds kLongestCopy{5};
// A partition that is given back is worth this much patience: what is not committed by then is
// computed again by whoever gets it.
constexpr milliseconds kRelease{5'000};

std::string random_name() {
  std::random_device device;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", device(), device());
  return text.data();
}

// All compute threads stand at a batch border for as long as this lives.
class Halt {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Halt(std::vector<std::unique_ptr<Compute>>& computes) : computes_(computes) {
    for (const auto& compute : computes_) {
      compute->halt();
      if (!since_) since_ = Clock::now();
    }
  }
  ~Halt() {
    for (const auto& compute : computes_) compute->go_on();
  }
  Halt(const Halt&) = delete;
  Halt& operator=(const Halt&) = delete;
  // How long the first of them has stood: until then it had work of its own.
  [[nodiscard]] double seconds() const noexcept {
    return since_ ? std::chrono::duration<double>(Clock::now() - *since_).count() : 0;
  }

 private:
  std::vector<std::unique_ptr<Compute>>& computes_;
  std::optional<Clock::time_point> since_;
};

}  // namespace

Coordinator::Coordinator(House house) : house_(house), run_(random_name()) {}

Coordinator::~Coordinator() { join(); }

void Coordinator::start() {
  thread_ = start_thread("headrace-cut", house_.life,
                         [this] { run_guarded(house_.life, [this] { run(); }); });
  writer_ = start_thread("headrace-state", house_.life,
                         [this] { run_guarded(house_.life, [this] { write_states(); }); });
}

void Coordinator::join() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = over_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (writer_.joinable()) writer_.join();
}

bool Coordinator::wait_due(std::unique_lock<std::mutex>& lock) {
  const auto stopping = [this] { return stopping_; };
  if (house_.delivery == nullptr) {
    return !changed_.wait_for(lock, house_.options.checkpoint_interval, stopping);
  }
  const milliseconds interval = house_.options.commit_interval;
  const std::size_t most = house_.options.commit_rows;
  if (most == 0) return !changed_.wait_for(lock, interval, stopping);
  const Clock::time_point until = Clock::now() + interval;
  const std::uint64_t before = house_.outlet.rows();
  while (Clock::now() < until && house_.outlet.rows() - before < most) {
    if (changed_.wait_for(lock, kWaitSlice, stopping)) return false;
  }
  return !stopping_;
}

void Coordinator::run() {
  std::unique_lock lock(mutex_);
  while (wait_due(lock)) {
    // One cut after the other: what takes long is not to pile up.
    const std::uint64_t before = cuts_;
    if (done_ != before) continue;
    lock.unlock();
    cut({});
    lock.lock();
  }
}

std::uint64_t Coordinator::cut(Wanted wanted) {
  const std::lock_guard turn(cutting_);
  Taken taken = take(wanted);
  if (wanted.saving) wanted.saving->taken = taken.states.size();
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = ++cuts_;
    status_.longest_stall_seconds = std::max(status_.longest_stall_seconds, taken.stall_seconds);
  }
  HEADRACE_FAILPOINT("cut.taken");
  if (house_.delivery != nullptr) {
    std::vector<sink::Position> positions = std::move(taken.positions);
    auto rest = std::make_shared<Taken>(std::move(taken));
    house_.delivery->cut(
        {.positions = std::move(positions), .done = [this, number, rest, saving = wanted.saving] {
           drop_lost(*rest);
           committed(number, std::move(rest->states), saving);
         }});
    return number;
  }
  // Results that a sink has not acknowledged would be missing after a restart from this state.
  base::Result<bool> acknowledged = false;
  do {
    acknowledged = house_.outlet.flush(kFlushSlice);
  } while (acknowledged && !*acknowledged && !house_.life.past_flush());
  if (!acknowledged) house_.life.fail(acknowledged.error());
  if (!acknowledged || !*acknowledged) taken.states.clear();
  committed(number, std::move(taken.states), wanted.saving);
  return number;
}

Coordinator::Taken Coordinator::take(Wanted wanted) {
  Taken taken;
  const Halt halt(house_.computes);
  if (house_.junction != nullptr) {
    take_merged(wanted, taken);
  } else {
    take_each(wanted, taken);
  }
  taken.stall_seconds = halt.seconds();
  return taken;
}

bool Coordinator::due(const TaskSlot& slot, Wanted wanted) const {
  if (wanted.saving != nullptr) return true;
  if (!house_.store || slot.done.load() == slot.saved_at) return false;
  return wanted.everything || Clock::now() - slot.saved_when >= house_.options.checkpoint_interval;
}

sink::Position Coordinator::position_of(TaskSlot& slot, Wanted wanted,
                                        const std::string& digest) const {
  const std::int64_t done = slot.done.load(std::memory_order_acquire);
  slot.cut_at = done;
  if (!house_.keeps_state || wanted.finished) slot.from = done;
  const CommitMark mark{.commit = slot.commit,
                        .from = slot.from,
                        .finished = wanted.finished,
                        .resting = house_.junction != nullptr && house_.junction->resting(slot),
                        .plan = house_.recovery.plan(),
                        .models = house_.recovery.models(),
                        .run = run_,
                        .digest = digest};
  return {.partition = slot.partition(),
          .origin = {.task = slot.task, .epoch = slot.running_epoch},
          .mark = {.offset = done, .metadata = to_text(mark)}};
}

// Each partition by itself: it has a state, a position and a number of its own.
void Coordinator::take_each(Wanted wanted, Taken& taken) {
  const Clock::time_point until = Clock::now() + kLongestCopy;
  for (TaskSlot* slot : house_.registry.slots()) {
    if (!slot->running || !slot->held_by(slot->running_epoch)) continue;
    if (slot->replaying && wanted.saving != nullptr) wanted.saving->missing = slot->name();
    if (slot->replaying || slot->done.load() < 0) continue;
    if (slot->done.load() != slot->cut_at || wanted.finished) {
      ++slot->commit;
      taken.positions.push_back(position_of(*slot, wanted, text_of(slot->running->digest())));
    }
    if (!due(*slot, wanted) || (!wanted.everything && Clock::now() > until)) continue;
    State state{.made = state_of(unit_of(slot->partition()), slot->commit), .keys = {}};
    state.keys.push_back(slot->save(state.made));
    taken.states.push_back(std::move(state));
    taken.owners.push_back({.task = slot->task, .epoch = slot->running_epoch});
    if (wanted.saving != nullptr) continue;
    slot->saved_at = slot->done.load();
    slot->saved_when = Clock::now();
  }
}

// Partitions that flow together have one state: all positions go with it.
void Coordinator::take_merged(Wanted wanted, Taken& taken) {
  if (house_.junction->replaying()) {
    if (wanted.saving != nullptr) wanted.saving->missing = "the merged partitions";
    return;
  }
  std::vector<TaskSlot*> slots;
  std::uint64_t last = 0;
  bool advanced = false;
  bool is_due = false;
  for (TaskSlot* slot : house_.registry.slots()) {
    if (!slot->running || !slot->live(slot->running_epoch) || slot->done.load() < 0) continue;
    slots.push_back(slot);
    last = std::max(last, slot->commit);
    advanced = advanced || slot->done.load() != slot->cut_at;
    is_due = is_due || due(*slot, wanted);
  }
  if (slots.empty() || (!advanced && !is_due && !wanted.finished)) return;
  State state{.made = state_of(kMergedUnit, last + 1), .keys = {}};
  const std::string digest = text_of(house_.junction->digest());
  for (TaskSlot* slot : slots) {
    slot->commit = last + 1;
    taken.positions.push_back(position_of(*slot, wanted, digest));
    if (!is_due) continue;
    state.keys.push_back(slot->save(state.made));
    if (wanted.saving != nullptr) continue;
    slot->saved_at = slot->done.load();
    slot->saved_when = Clock::now();
  }
  if (!is_due) return;
  house_.junction->save(state.made.sections);
  taken.states.push_back(std::move(state));
}

// The position of a partition that is not ours any more may have been dropped from this commit or
// from the one before: its state would be ahead of what is committed, under the number of a commit
// that somebody else makes. Of one that still is ours none was dropped.
void Coordinator::drop_lost(Taken& taken) const {
  if (taken.owners.empty()) return;
  std::vector<State> ours;
  for (std::size_t i = 0; i < taken.states.size(); ++i) {
    const sink::Origin& owner = taken.owners[i];
    if (house_.registry.held(owner.task, owner.epoch)) ours.push_back(std::move(taken.states[i]));
  }
  taken.states = std::move(ours);
}

checkpoint::Checkpoint Coordinator::state_of(std::string unit, std::uint64_t commit) const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  checkpoint::Checkpoint state{
      .unit = std::move(unit), .pipeline = house_.recovery.plan(), .commit = commit};
  state.facts["taken"] = std::to_string(std::chrono::floor<milliseconds>(now).count());
  if (!house_.recovery.models().empty()) state.facts["models"] = house_.recovery.models();
  return state;
}

void Coordinator::committed(std::uint64_t number, std::vector<State> states,
                            std::shared_ptr<Saving> saving) {
  HEADRACE_FAILPOINT("cut.committed");
  const std::lock_guard lock(mutex_);
  to_write_.push_back({.number = number, .states = std::move(states), .saving = std::move(saving)});
  changed_.notify_all();
}

void Coordinator::write_states() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return over_ || !to_write_.empty(); });
    if (to_write_.empty()) return;
    Pending pending = std::move(to_write_.front());
    to_write_.pop_front();
    lock.unlock();
    checkpoint::Store* store = pending.saving ? pending.saving->store.get() : house_.store.get();
    base::Status status;
    for (State& state : pending.states) {
      for (const SavedKeys& keys : state.keys) keys.write_to(state.made);
      if (status) status = store->write(state.made);
    }
    lock.lock();
    note_written(pending, status);
    changed_.notify_all();
  }
}

void Coordinator::note_written(const Pending& pending, const base::Status& status) {
  done_ = std::max(done_, pending.number);
  if (pending.saving) {
    if (!status) pending.saving->trouble = status.error();
    pending.saving->written = pending.states.size();
    return;
  }
  if (pending.states.empty()) return;
  status_.message = status ? "" : "no checkpoint: " + status.error().message;
  if (!status) return;
  status_.checkpoints += pending.states.size();
  last_checkpoint_ = Clock::now();
}

std::uint64_t Coordinator::request() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return 0;
  }
  return cut({});
}

bool Coordinator::is_done(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  return done_ >= number;
}

base::Status Coordinator::savepoint(const std::string& name, milliseconds patience) {
  if (!house_.store) {
    return base::invalid_argument("savepoint: this stream runs without checkpoint=");
  }
  base::Result<std::shared_ptr<checkpoint::Store>> store = house_.store->begin_savepoint(name);
  if (!store) return store.error();
  auto saving = std::make_shared<Saving>();
  saving->store = *std::move(store);
  base::Status status = save_into(saving, patience);
  if (status) status = house_.store->seal_savepoint(name);
  if (!status) (void)house_.store->remove_savepoint(name);
  return status;
}

base::Status Coordinator::save_into(const std::shared_ptr<Saving>& saving, milliseconds patience) {
  const auto failed = [](const std::string& why) {
    return base::Error{.code = base::ErrorCode::kCheckpoint, .message = "no savepoint: " + why};
  };
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return failed("the stream does not run any more");
  }
  const std::uint64_t number = cut({.everything = true, .finished = false, .saving = saving});
  const Clock::time_point until = Clock::now() + patience;
  while (!wait_done(number, kWaitSlice)) {
    if (Clock::now() > until) return failed("what it is of could not be committed in time");
  }
  const std::lock_guard lock(mutex_);
  if (const std::optional<base::Error> error = house_.life.failure()) return *error;
  if (saving->trouble) return *saving->trouble;
  if (!saving->missing.empty()) return failed(saving->missing + " is not up to date yet");
  if (saving->taken == 0) return failed("nothing has been read yet");
  if (saving->written != saving->taken) return failed("partitions went elsewhere meanwhile");
  return {};
}

bool Coordinator::wait_done(std::uint64_t number, milliseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [&] { return done_ >= number || house_.life.failure(); });
}

void Coordinator::release(const std::vector<TaskSlot*>& slots) {
  const std::uint64_t number = cut({.everything = true});
  const Clock::time_point until = Clock::now() + kRelease;
  while (!wait_done(number, kWaitSlice) && Clock::now() < until && !house_.life.past_flush()) {
  }
  for (TaskSlot* slot : slots) slot->leaving.store(TaskSlot::kNobody, std::memory_order_release);
}

void Coordinator::finish(bool finished) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    changed_.notify_all();
  }
  if (house_.life.failure()) return;
  const std::uint64_t number = cut({.everything = true, .finished = finished});
  while (!wait_done(number, kWaitSlice) && !house_.life.past_flush()) {
    if (house_.life.failure()) return;
  }
}

Coordinator::Status Coordinator::status() const {
  const std::lock_guard lock(mutex_);
  Status status = status_;
  if (last_checkpoint_) {
    status.checkpoint_age = std::chrono::duration<double>(Clock::now() - *last_checkpoint_).count();
  }
  return status;
}

}  // namespace headrace::pipeline
