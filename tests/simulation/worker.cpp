#include "worker.hpp"

#include <algorithm>
#include <limits>
#include <sstream>
#include <utility>

#include <headrace/checkpoint/checkpoint.hpp>

namespace headrace::simulation {
namespace {

constexpr Time kRelease = 5 * kSecond;  // as pipeline/coordinator.cpp
constexpr Time kReleaseLook = 20 * kMs;
constexpr Time kAskAgain = 60 * kMs;
constexpr std::size_t kMostItems = 64;

sink::Partition name_of(int partition) { return {"in", partition}; }

sink::Origin origin_of(int partition, std::uint32_t epoch) {
  return {.task = {.topic = 0, .partition = partition}, .epoch = epoch};
}

}  // namespace

std::string to_text(const Note& note) {
  return std::to_string(note.commit) + ' ' + std::to_string(note.digest) + ' ' +
         std::to_string(static_cast<int>(note.finished)) + ' ' + note.run;
}

Note note_from(const std::string& text) {
  Note note;
  std::istringstream(text) >> note.commit >> note.digest >> note.finished >> note.run;
  return note;
}

Worker::Worker(std::shared_ptr<Process> process, House& house, const std::string& slot,
               std::string run)
    : process_(std::move(process)),
      house_(house),
      run_(std::move(run)),
      member_(process_, house.network, house.broker, house.member, *this),
      log_(process_, house.network, house.broker,
           {.id = slot, .outputs = house.outputs, .membership = [this] { return membership(); }}),
      maybe_planted_(planted(house.bug, log_)),
      committer_(*maybe_planted_, [this](const sink::Origin& origin) {
        return task_of(origin.task.partition, origin.epoch) != nullptr;
      }) {}

void Worker::start() {
  process_->run([this] { deliver(); });
}

void Worker::stop() {
  const auto end = [this] {
    member_.leave();
    process_->post(kMs, [this] { process_->kill(); });
  };
  if (tasks_.empty()) return end();
  release(held(), end);
}

// --- partitions that come and go
// -------------------------------------------------------------------

void Worker::assign(int partition) {
  Task& task = tasks_[partition] = Task{.epoch = ++epochs_};
  if (process_->traces()) process_->trace("is given partition " + std::to_string(partition));
  recover(partition, task.epoch);
}

void Worker::recover(int partition, std::uint32_t epoch) {
  struct Found {
    Code code = Code::kOk;
    sink::Mark mark;
  };
  house_.network.request<Found>(
      process_,
      [&broker = house_.broker, partition] {
        Found found;
        found.code = broker.group().committed(partition, found.mark);
        return found;
      },
      [this, partition, epoch](const Found& found) {
        if (task_of(partition, epoch) == nullptr) return;
        if (found.code != Code::kOk) {
          process_->post(kAskAgain, [this, partition, epoch] {
            if (task_of(partition, epoch) != nullptr) recover(partition, epoch);
          });
          return;
        }
        // To read a state and to repeat what came after it takes its time.
        process_->post(house_.world.between(0, 150 * kMs), [this, partition, epoch, found] {
          if (task_of(partition, epoch) != nullptr) begin(partition, found.mark);
        });
      });
}

void Worker::begin(int partition, const sink::Mark& committed) {
  Task& task = tasks_[partition];
  const Note note = note_from(committed.metadata);
  const std::int64_t from = std::max<std::int64_t>(committed.offset, 0);
  task.commit = note.commit;
  task.finished = note.finished;
  if (const SavedState* saved = newest(partition, note.commit)) {
    task.state = saved->state;
    task.done = saved->offset;
  }
  if (process_->traces()) {
    process_->trace("partition " + std::to_string(partition) + ": commit " +
                    std::to_string(note.commit) + " at " + std::to_string(committed.offset) +
                    ", state of " + std::to_string(task.done));
  }
  std::vector<Row> suppressed;
  for (; task.done < from; ++task.done) {
    house_.job.process(partition, task.done, task.state, suppressed);
  }
  if (!task.finished && task.done == from && task.state.digest != note.digest) {
    house_.violation("the state of partition " + std::to_string(partition) +
                     " is not what it was when that was committed");
  }
  task.cut_at = from;
  task.ready = true;
  task.saved = house_.world.now();
  put(Assigned{.partition = partition, .epoch = task.epoch, .mark = committed});
  compute(partition, task.epoch);
}

const SavedState* Worker::newest(int partition, std::uint64_t committed) const {
  std::vector<std::uint64_t> commits;
  std::vector<const SavedState*> found;
  for (const SavedState& one : house_.states.of(partition)) {
    commits.push_back(one.commit);
    found.push_back(&one);
  }
  if (house_.bug == Bug::kCheckpointAhead) committed = std::numeric_limits<std::uint64_t>::max();
  for (;;) {
    const int chosen = checkpoint::choose(commits, committed);
    if (chosen < 0) return nullptr;
    if (found[static_cast<std::size_t>(chosen)]->whole) {
      return found[static_cast<std::size_t>(chosen)];
    }
    commits.erase(commits.begin() + chosen);
    found.erase(found.begin() + chosen);
  }
}

void Worker::release(const std::set<int>& partitions, std::function<void()> then) {
  Epochs leaving;
  for (const int partition : partitions) {
    const auto task = tasks_.find(partition);
    if (task == tasks_.end()) continue;
    task->second.leaving = true;
    leaving[partition] = task->second.epoch;
  }
  cut();
  wait_released(cuts_, house_.world.now() + kRelease, leaving, std::move(then));
}

void Worker::wait_released(std::uint64_t number, Time until, const Epochs& leaving,
                           const std::function<void()>& then) {
  if (done_cuts_ >= number || house_.world.now() >= until) {
    for (const auto& [partition, epoch] : leaving) {
      if (task_of(partition, epoch) != nullptr) tasks_.erase(partition);
    }
    return then();
  }
  process_->post(kReleaseLook, [this, number, until, leaving, then] {
    wait_released(number, until, leaving, then);
  });
}

void Worker::lose_all() { tasks_.clear(); }

std::set<int> Worker::held() const {
  std::set<int> all;
  for (const auto& [partition, task] : tasks_) all.insert(partition);
  return all;
}

Worker::Task* Worker::task_of(int partition, std::uint32_t epoch) {
  const auto found = tasks_.find(partition);
  return found != tasks_.end() && found->second.epoch == epoch ? &found->second : nullptr;
}

base::Result<std::string> Worker::membership() const {
  if (!house_.in_group) return to_text(Membership{});
  // Whoever is no member would be believed by the broker.
  if (member_.membership().generation < 0 && house_.bug != Bug::kNobody) {
    return base::Error{
        .code = base::ErrorCode::kKafka, .message = "not in the group", .retriable = true};
  }
  return to_text(member_.membership());
}

// --- records and cuts
// ------------------------------------------------------------------------------

void Worker::compute(int partition, std::uint32_t epoch) {
  Task* task = task_of(partition, epoch);
  if (task == nullptr || task->leaving || task->finished) return;
  const std::int64_t there =
      std::min(house_.job.records, house_.world.now() / house_.record_interval);
  const bool full = items_.size() > kMostItems;
  if (!full && task->done < there) {
    std::vector<Row> rows;
    const std::int64_t end = std::min(there, task->done + house_.world.between(1, 6));
    for (; task->done < end; ++task->done) {
      house_.job.process(partition, task->done, task->state, rows);
    }
    give(partition, *task, std::move(rows));
  }
  if (task->done >= house_.job.records) return;  // a cut does the rest
  const Time pause =
      task->done < there && !full ? house_.world.between(kMs, 20 * kMs) : house_.record_interval;
  process_->post(pause, [this, partition, epoch] { compute(partition, epoch); });
}

void Worker::give(int partition, const Task& task, std::vector<Row> rows) {
  if (rows.empty()) return;
  auto batch = std::make_shared<Rows>();
  batch->values = std::move(rows);
  put(sink::Output{.origin = origin_of(partition, task.epoch), .rows = std::move(batch)});
}

void Worker::cut_now_and_then() {
  if (done_cuts_ == cuts_) cut();
  process_->post(house_.commit_interval, [this] { cut_now_and_then(); });
}

// What was held is given out behind a cut that had all records, so at the same offset.
void Worker::finish(int partition, Task& task) {
  std::vector<Row> rows;
  house_.job.finish(partition, task.state, rows);
  task.finished = true;
  give(partition, task, std::move(rows));
}

void Worker::cut() {
  if (process_->traces()) {
    std::string line = "cut " + std::to_string(cuts_ + 1);
    for (const auto& [partition, task] : tasks_) {
      line += ", " + std::to_string(partition) + " at " + std::to_string(task.done);
      if (task.leaving) line += " (leaving)";
    }
    process_->trace(line);
  }
  Cut made{.number = ++cuts_};
  for (auto& [partition, task] : tasks_) {
    if (!task.ready) continue;
    const bool finishes =
        !task.finished && task.done >= house_.job.records && task.cut_at == task.done;
    if (finishes) finish(partition, task);
    if (task.done != task.cut_at || finishes) {
      task.cut_at = task.done;
      const Note note{.commit = ++task.commit,
                      .digest = task.state.digest,
                      .finished = task.finished,
                      .run = run_};
      made.positions.push_back({.partition = name_of(partition),
                                .origin = origin_of(partition, task.epoch),
                                .mark = {.offset = task.done, .metadata = to_text(note)}});
    }
    const bool due = task.saved + house_.checkpoint_interval <= house_.world.now();
    if (task.finished || !(due || task.leaving)) continue;
    task.saved = house_.world.now();
    made.states[partition] = {
        .epoch = task.epoch,
        .state = {.commit = task.commit, .offset = task.done, .state = task.state}};
  }
  if (house_.bug == Bug::kCheckpointAhead) {
    for (const auto& [partition, copy] : made.states) save(partition, copy.state);
    made.states.clear();
  }
  put(std::move(made));
}

void Worker::save(int partition, const SavedState& state) {
  process_->post(house_.world.between(0, 200 * kMs), [this, partition, state] {
    house_.states.begin(partition, state);
    process_->post(house_.world.between(0, 50 * kMs), [this, partition, commit = state.commit] {
      house_.states.complete(partition, commit);
    });
  });
}

// --- delivery
// --------------------------------------------------------------------------------------

void Worker::put(Item item) {
  items_.push_back(std::move(item));
  process_->wake();
}

void Worker::deliver() {
  base::Status status = committer_.start();
  if (status) {
    if (house_.in_group) {
      member_.start();
    } else {
      for (int partition = 0; partition < house_.job.partitions; ++partition) assign(partition);
    }
    cut_now_and_then();
  }
  while (status) {
    process_->wait(house_.world.now() + 3'600 * kSecond, [this] { return !items_.empty(); });
    Item item = std::move(items_.front());
    items_.pop_front();
    status = handle(item);
  }
  if (process_->traces()) process_->trace("ends: " + status.error().message);
  if (status.error().code != base::ErrorCode::kFenced) house_.violation(status.error().message);
  process_->die();
}

base::Status Worker::handle(Item& item) {
  if (auto* output = std::get_if<sink::Output>(&item)) return committer_.write(std::move(*output));
  if (auto* assigned = std::get_if<Assigned>(&item)) {
    committer_.assigned(name_of(assigned->partition),
                        origin_of(assigned->partition, assigned->epoch), std::move(assigned->mark));
    return {};
  }
  Cut& made = std::get<Cut>(item);
  if (base::Status status = committer_.commit(std::move(made.positions)); !status) return status;
  done_cuts_ = made.number;
  // Of one that is not ours any more the position may have been dropped from this commit or from an
  // earlier one; of one that is, none ever was.
  for (const auto& [partition, copy] : made.states) {
    const bool ours = task_of(partition, copy.epoch) != nullptr;
    if (ours || house_.bug == Bug::kLostCheckpoint) save(partition, copy.state);
  }
  return {};
}

}  // namespace headrace::simulation
