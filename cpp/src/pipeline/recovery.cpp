#include <headrace/pipeline/recovery.hpp>

#include <algorithm>
#include <limits>

namespace headrace::pipeline {
namespace {

constexpr std::size_t kStoryLines = 1'000;

std::string name_of(const PartitionName& partition) {
  return partition.first + '[' + std::to_string(partition.second) + ']';
}

std::int64_t offset_of(const checkpoint::Checkpoint& state, const PartitionName& partition) {
  for (const checkpoint::ReadTo& to : state.read_to) {
    if (to.topic == partition.first && to.partition == partition.second) return to.offset;
  }
  return -1;
}

}  // namespace

std::string unit_of(const PartitionName& partition) {
  return partition.first + '-' + std::to_string(partition.second);
}

base::Result<std::int64_t> Recovery::begin(const PartitionName& partition,
                                           const source::CommittedOffset& committed,
                                           std::int64_t fallback) {
  base::Result<source::CommittedOffset> kept = committed;
  if (config_.committed) kept = config_.committed(partition);
  if (!kept) return kept.error();
  base::Result<Restored> found = config_.by_commits ? by_commit(partition, *kept, fallback)
                                                    : by_checkpoint(partition, fallback);
  if (!found) return found.error();
  const std::int64_t begin = found->begin;
  const std::lock_guard lock(mutex_);
  found_[partition] = std::make_shared<const Restored>(*std::move(found));
  return begin;
}

std::shared_ptr<const Restored> Recovery::take(const PartitionName& partition) {
  const std::lock_guard lock(mutex_);
  const auto known = found_.find(partition);
  return known == found_.end() ? nullptr : known->second;
}

void Recovery::done_with(const PartitionName& partition) {
  const std::lock_guard lock(mutex_);
  const auto known = found_.find(partition);
  if (known == found_.end() || !known->second->state) return;
  Restored without = *known->second;
  without.state.reset();
  known->second = std::make_shared<const Restored>(std::move(without));
}

base::Result<Restored> Recovery::by_commit(const PartitionName& partition,
                                           const source::CommittedOffset& committed,
                                           std::int64_t fallback) {
  Restored made{
      .begin = fallback, .first = fallback, .replay_until = fallback, .committed = committed};
  if (committed.offset < 0) return made;
  made.begin = made.first = made.replay_until = committed.offset;
  const std::optional<CommitMark> mark = mark_from(committed.metadata);
  if (!mark) {
    say(name_of(partition) + ": the position " + std::to_string(committed.offset) +
        " was committed by somebody else; its state begins there");
    return made;
  }
  made.commit = mark->commit;
  made.resting = mark->resting;
  const bool same_plan = mark->plan == config_.plan;
  base::Result<State> state = newest(unit_for(partition), mark->commit);
  if (!state) return state.error();
  // What the end of a run gave out is in no checkpoint before it.
  const bool outdated = mark->finished && *state && (*state)->commit < mark->commit;
  const std::int64_t saved = *state && !outdated ? offset_of(**state, partition) : -1;
  if (saved >= 0) {
    made.begin = saved;
    made.first = mark->from;
    made.state = *std::move(state);
    say("restored checkpoint of " + name_of(partition) + " at offset " +
        std::to_string(made.begin));
  } else if (!mark->finished) {
    made.begin = made.first = mark->from;
  } else {
    return made;
  }
  if (same_plan && mark->models == config_.models) {
    made.digest = mark->digest;
  } else if (same_plan) {
    say(name_of(partition) + ": from offset " + std::to_string(made.replay_until) +
        " on with other models (" + config_.models + ", before it " + mark->models + ')');
  } else if (made.begin < made.replay_until) {
    say(name_of(partition) +
        ": the pipeline has changed since the last commit: its state is computed again from "
        "offset " +
        std::to_string(made.begin));
  }
  return made;
}

base::Result<Restored> Recovery::by_checkpoint(const PartitionName& partition,
                                               std::int64_t fallback) {
  Restored made{.begin = fallback, .first = fallback, .replay_until = fallback};
  base::Result<State> state =
      newest(unit_for(partition), std::numeric_limits<std::uint64_t>::max());
  if (!state) return state.error();
  const std::int64_t saved = *state ? offset_of(**state, partition) : -1;
  const auto last = config_.up_to.find(partition);
  if (saved < 0 && last != config_.up_to.end() && fallback > last->second) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = name_of(partition) + ": there is no checkpoint up to offset " +
                                  std::to_string(last->second) + ", and records only from " +
                                  std::to_string(fallback) + " on to compute it from"};
  }
  if (saved < 0) return made;
  made.begin = made.first = made.replay_until = saved;
  made.commit = (*state)->commit;
  made.state = *std::move(state);
  say("restored checkpoint of " + name_of(partition) + " at offset " + std::to_string(made.begin));
  return made;
}

bool Recovery::is_beyond(const checkpoint::Stored& stored) const {
  return std::ranges::any_of(stored.read_to, [this](const checkpoint::ReadTo& to) {
    const auto last = config_.up_to.find({to.topic, to.partition});
    return last != config_.up_to.end() && to.offset > last->second;
  });
}

std::string Recovery::unit_for(const PartitionName& partition) const {
  return config_.merged ? kMergedUnit : unit_of(partition);
}

base::Result<Recovery::State> Recovery::newest(const std::string& unit, std::uint64_t up_to) {
  if (!config_.store) return State{};
  if (State known = merged_state_.lock(); known && known->commit <= up_to) return known;
  base::Result<std::vector<checkpoint::Stored>> kept = config_.store->list(unit);
  if (!kept) return kept.error();
  std::erase_if(*kept, [this](const checkpoint::Stored& stored) { return is_beyond(stored); });
  std::optional<base::Error> other_plan;
  while (!kept->empty()) {
    std::vector<std::uint64_t> commits;
    for (const checkpoint::Stored& stored : *kept) commits.push_back(stored.commit);
    const int chosen = checkpoint::choose(commits, up_to);
    if (chosen < 0) break;
    const auto at = kept->begin() + chosen;
    base::Result<checkpoint::Checkpoint> loaded = config_.store->load(*at);
    if (loaded && loaded->pipeline == config_.plan) {
      auto state = std::make_shared<const checkpoint::Checkpoint>(*std::move(loaded));
      if (config_.merged) merged_state_ = state;
      return State(std::move(state));
    }
    if (!loaded) {
      say("refused: " + loaded.error().message);
    } else {
      other_plan = base::Error{.code = base::ErrorCode::kCheckpoint,
                               .message = at->where + " is the state of another pipeline"};
      say("refused: " + other_plan->message);
    }
    kept->erase(at);
  }
  if (config_.savepoint) return saved(unit, up_to);
  // With commits of our own the state can be computed again; without, it would silently be lost.
  if (other_plan && !config_.by_commits) {
    other_plan->message += ": use another directory for this one, or remove it";
    return *other_plan;
  }
  return State{};
}

base::Result<Recovery::State> Recovery::saved(const std::string& unit, std::uint64_t up_to) {
  base::Result<std::vector<checkpoint::Stored>> kept = config_.savepoint->list(unit);
  if (!kept) return kept.error();
  const std::string where = config_.savepoint->describe();
  if (kept->empty()) {
    say(where + " has no state of " + unit);
    return State{};
  }
  if (kept->front().commit > up_to) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = where + " is ahead of what is committed of " + unit +
                                  ": the positions of the group were set back since"};
  }
  base::Result<checkpoint::Checkpoint> loaded = config_.savepoint->load(kept->front());
  if (!loaded) return loaded.error();
  if (config_.merged && loaded->pipeline != config_.plan) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = where +
                                  " is of another pipeline, and one that merges partitions "
                                  "cannot begin with a part of its state"};
  }
  auto state = std::make_shared<const checkpoint::Checkpoint>(*std::move(loaded));
  if (config_.merged) merged_state_ = state;
  return State(std::move(state));
}

base::Status Recovery::verify(const std::string& name, std::uint64_t replayed,
                              const Restored& beginning, const Digest& digest) {
  std::string line = name + ": replayed " + std::to_string(replayed) + " records";
  if (!beginning.digest.empty()) {
    const std::string now = text_of(digest);
    if (now != beginning.digest) {
      return base::Error{
          .code = base::ErrorCode::kCheckpoint,
          .message = name + ": the state at offset " + std::to_string(beginning.replay_until) +
                     " is not what it was when that was committed (results come to " + now +
                     ", not to " + beginning.digest +
                     "): the records, the models or the functions of the pipeline are not the same "
                     "as then"};
    }
    line += ", state verified";
  }
  say(std::move(line));
  return {};
}

std::vector<std::string> Recovery::story() const {
  const std::lock_guard lock(mutex_);
  return story_;
}

void Recovery::say(std::string line) {
  const std::lock_guard lock(mutex_);
  if (story_.size() < kStoryLines) story_.push_back(std::move(line));
}

}  // namespace headrace::pipeline
