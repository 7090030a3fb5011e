#include <headrace/pipeline/junction.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <headrace/record/value_text.hpp>

namespace headrace::pipeline {
namespace {

using std::chrono::milliseconds;

// Whoever waits for less is not worth a word: partitions are never exactly in step.
constexpr milliseconds kSayAfter{2'000};
constexpr milliseconds kLeaveSlice{20};

std::string section_of(std::size_t node) { return "merge " + std::to_string(node); }

}  // namespace

Junction::Junction(const Plan& plan, House house)
    : house_(house), is_recovering_(house.recovery != nullptr) {
  (void)add_node(plan, true);
}

// Depth first, so that rows move upwards in one walk over the nodes.
std::uint32_t Junction::add_node(const Plan& plan, bool is_root) {
  struct Child {
    std::uint32_t node;
    std::uint32_t input;
  };
  std::vector<Child> children;
  std::vector<std::size_t> leaves;
  for (std::uint32_t input = 0; input < plan.inputs().size(); ++input) {
    const Plan& below = *plan.inputs()[input].plan;
    if (below.is_merge()) {
      children.push_back({.node = add_node(below, false), .input = input});
    } else {
      leaves.push_back(leaves_.size());
      leaves_.push_back({.node = 0, .input = input});
    }
  }
  const auto index = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back(
      {.task = MergedTask::create(plan, is_root && (house_.options.digest || is_recovering_))
                   .value_or_throw()});
  for (const std::size_t leaf : leaves) leaves_[leaf].node = index;
  for (const Child& child : children) {
    Node& node = nodes_[index];
    const Merge::Channel channel =
        node.task.merge().open({.input = child.input, .topic = {}, .partition = 0});
    nodes_[child.node].parent = index;
    nodes_[child.node].input = child.input;
    nodes_[child.node].channel = channel;
    node.child_of.resize(channel + 1, kNoParent);
    node.child_of[channel] = child.node;
  }
  return index;
}

// ---- ingest threads

void Junction::expect(std::size_t leaf) {
  nodes_[leaves_[leaf].node].task.merge().expect(1);
  unreported_.fetch_add(1, std::memory_order_acq_rel);
}

void Junction::reported(std::size_t leaf) {
  unreported_.fetch_sub(1, std::memory_order_acq_rel);
  change({.kind = Change::Kind::kReported, .leaf = leaf});
}

void Junction::open(TaskSlot& slot, std::uint32_t epoch) {
  change({.kind = Change::Kind::kOpened, .leaf = slot.leaf, .slot = &slot, .epoch = epoch});
}

void Junction::close(TaskSlot& slot) {
  change({.kind = Change::Kind::kClosed, .leaf = slot.leaf, .slot = &slot});
}

void Junction::change(Change change) {
  const std::lock_guard lock(changes_mutex_);
  changes_.push_back(change);
  stirred_.store(true, std::memory_order_release);
}

// ---- under the mutex

void Junction::apply_changes() {
  std::vector<Change> changes;
  {
    const std::lock_guard lock(changes_mutex_);
    changes.swap(changes_);
    stirred_.store(false, std::memory_order_release);
  }
  for (const Change& change : changes) {
    switch (change.kind) {
      case Change::Kind::kReported:
        nodes_[leaves_[change.leaf].node].task.merge().reported();
        break;
      case Change::Kind::kOpened:
        unseat(*change.slot);
        seat(change);
        break;
      case Change::Kind::kClosed:
        unseat(*change.slot);
        change.slot->ahead.store(false, std::memory_order_release);
        break;
    }
  }
}

void Junction::seat(const Change& change) {
  const Leaf& leaf = leaves_[change.leaf];
  const Merge::Channel channel = nodes_[leaf.node].task.merge().open(
      {.input = leaf.input, .topic = change.slot->topic, .partition = change.slot->task.partition});
  seats_[change.slot] = {.node = leaf.node, .channel = channel, .epoch = change.epoch};
  const std::shared_ptr<const Restored> beginning = change.slot->beginning();
  if (beginning) nodes_[leaf.node].task.merge().await(channel);
  const bool is_there = beginning && beginning->begin == beginning->replay_until;
  if (is_there && beginning->resting) nodes_[leaf.node].task.merge().rest(channel);
}

void Junction::unseat(TaskSlot& slot) {
  const auto known = seats_.find(&slot);
  if (known == seats_.end()) return;
  nodes_[known->second.node].task.merge().close(known->second.channel);
  seats_.erase(known);
}

base::Status Junction::advance() {
  for (Node& node : nodes_) {
    if (node.finished) continue;
    if (base::Status status = node.task.advance(give_of(node)); !status) return status;
    if (node.task.merge().ended()) {
      if (base::Status status = finish(node); !status) return status;
    } else if (node.parent != kNoParent && node.task.merge().resting()) {
      nodes_[node.parent].task.merge().rest(node.channel);
    }
  }
  note_ahead();
  note_blame();
  return {};
}

base::Status Junction::finish(Node& node) {
  if (std::exchange(node.finished, true)) return {};
  if (base::Status status = node.task.finish(give_of(node)); !status) return status;
  if (node.parent != kNoParent) nodes_[node.parent].task.merge().end(node.channel);
  return {};
}

base::Status Junction::stop(Node& node) {
  if (std::exchange(node.finished, true)) return {};
  return node.task.stop(give_of(node));
}

void Junction::count(Node& node) {
  const Task& chain = node.task.chain();
  RejectLog& log = house_.outlet.rejects();
  log.count(record::RejectReason::kRule,
            chain.dropped() - std::exchange(node.dropped, chain.dropped()));
  log.count_late(chain.late() - std::exchange(node.late, chain.late()));
  std::uint64_t evicted = 0;
  for (const Node& any : nodes_) evicted += any.task.chain().evicted();
  evicted_.store(evicted, std::memory_order_relaxed);
}

MergedTask::Give Junction::give_of(Node& node) {
  return [this, &node](record::RecordBatch& batch, record::Rejects& rejects) -> base::Status {
    count(node);
    const bool is_result = node.parent == kNoParent;
    if (base::Status status = deliver(batch, is_result, rejects); !status) return status;
    if (!is_result && batch.rows() > 0) {
      nodes_[node.parent].task.merge().add(node.channel, batch, nullptr);
    }
    return {};
  };
}

base::Status Junction::deliver(record::RecordBatch& batch, bool is_result,
                               record::Rejects& rejects) {
  if (replaying()) return {};  // a former life has given it out
  std::optional<base::Error> refused;
  if (house_.options.fail_on_reject && !rejects.empty()) {
    const auto topic = static_cast<std::size_t>(rejects.front().task.topic);
    refused = {.code = base::ErrorCode::kRecordRejected,
               .message = record::text_of(rejects.front(), house_.registry.topics().at(topic))};
  }
  base::Status status = house_.outlet.deliver_rejects(std::move(rejects), {});
  if (refused) return *refused;
  if (!status || !is_result || batch.rows() == 0) return status;
  batch.ingest_steady_ns = ingest_steady_ns_;
  return house_.outlet.deliver(std::make_shared<const record::RecordBatch>(std::move(batch)));
}

// A partition is to wait where its rows wait for another one, or those of a merge that it is in do.
void Junction::note_ahead() {
  std::vector<std::int64_t> watermarks;
  for (const Node& node : nodes_) watermarks.push_back(node.task.merge().watermark());
  std::vector<bool> stopped(nodes_.size(), false);
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    const Node& node = nodes_[i];
    if (node.parent == kNoParent) continue;
    const Merge& above = nodes_[node.parent].task.merge();
    stopped[i] =
        stopped[node.parent] || above.is_ahead(node.channel, false, watermarks[node.parent]);
  }
  for (const auto& [slot, seat] : seats_) {
    const Merge& merge = nodes_[seat.node].task.merge();
    const bool was = slot->ahead.load(std::memory_order_relaxed);
    const bool is = stopped[seat.node] || merge.is_ahead(seat.channel, was, watermarks[seat.node]);
    if (is != was) slot->ahead.store(is, std::memory_order_release);
  }
}

void Junction::note_blame() {
  Blame now;
  std::size_t at = nodes_.size() - 1;
  if (nodes_[at].task.merge().held() > 0) {
    for (;;) {
      const Node& node = nodes_[at];
      const std::optional<Merge::Channel> slowest = node.task.merge().slowest();
      if (!slowest) break;
      if (at + 1 == nodes_.size() && !node.task.merge().is_behind(*slowest)) break;
      now.watermark = node.task.merge().watermark();
      const std::uint32_t child =
          *slowest < node.child_of.size() ? node.child_of[*slowest] : kNoParent;
      if (child == kNoParent) {
        for (const auto& [slot, seat] : seats_) {
          if (seat.node == at && seat.channel == *slowest) now.slot = slot;
        }
        break;
      }
      at = child;
    }
  }
  const std::lock_guard lock(blame_mutex_);
  if (now.slot == blame_.slot && now.watermark == blame_.watermark) return;
  now.since = Clock::now();
  blame_ = now;
}

void Junction::fail(const base::Status& status) {
  broken_ = true;
  if (!house_.life.past_drain()) house_.life.fail(status.error());
}

// ---- compute threads

void Junction::settle() {
  const std::lock_guard lock(mutex_);
  apply_changes();
  if (broken_) return;
  if (const base::Status status = advance(); !status) fail(status);
}

base::Status Junction::take(Parcel& parcel) {
  const std::lock_guard lock(mutex_);
  apply_changes();
  const auto known = seats_.find(parcel.slot);
  if (known == seats_.end() || known->second.epoch != parcel.epoch || broken_) return {};
  const Seat& seat = known->second;
  Merge& merge = nodes_[seat.node].task.merge();
  if (parcel.batch.rows() > 0 || parcel.read.rows > 0) {
    ingest_steady_ns_ = parcel.batch.ingest_steady_ns;
    Merge::Read read;
    if (parcel.read.offsets) {
      read = {.offsets = {parcel.read.offsets->as<std::int64_t>(), parcel.read.rows},
              .times = {parcel.read.times->as<std::int64_t>(), parcel.read.rows}};
    }
    merge.add(seat.channel, parcel.batch, parcel.read.offsets ? &read : nullptr);
  }
  if (parcel.notice == Notice::kEnded) merge.end(seat.channel);
  if (parcel.notice == Notice::kResting) merge.rest(seat.channel);
  base::Status status = advance();
  if (!status) broken_ = true;
  return status;
}

// At the end of all records the last one out gives out what the merges still hold; the others wait,
// so that all positions are known when each of them says how far it has come.
void Junction::leave() {
  std::unique_lock lock(mutex_);
  if (++left_ == house_.options.compute_threads) {
    apply_changes();
    for (Node& node : nodes_) {
      if (broken_ || house_.life.past_flush()) break;
      // What is held is part of the state that the next run goes on with.
      if (is_recovering_ && house_.life.stopping()) break;
      const base::Status status = house_.life.stopping() ? stop(node) : finish(node);
      if (!status) fail(status);
    }
    over_ = true;
    all_left_.notify_all();
  }
  while (!over_ && !house_.life.past_flush()) all_left_.wait_for(lock, kLeaveSlice);
}

ops::HeldOffsets Junction::held() {
  ops::HeldOffsets held;
  const std::lock_guard lock(mutex_);
  if (broken_) held.note_unknown();
  for (Node& node : nodes_) node.task.note_held(held);
  return held;
}

base::Status Junction::end_replay(TaskSlot& slot) {
  const std::lock_guard lock(mutex_);
  apply_changes();
  const std::shared_ptr<const Restored> beginning = slot.beginning();
  const auto seat = seats_.find(&slot);
  if (beginning->resting && seat != seats_.end()) {
    nodes_[seat->second.node].task.merge().rest(seat->second.channel);
  }
  if (base::Status status = advance(); !status) return status;
  replayed_ += slot.replayed;
  replays_.fetch_sub(1, std::memory_order_acq_rel);
  if (replaying()) return {};
  return house_.recovery->verify("all partitions", replayed_, *beginning,
                                 nodes_.back().task.digest());
}

// ---- recovery

void Junction::save(std::vector<checkpoint::Section>& sections) const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    base::ByteWriter writer;
    nodes_[i].task.snapshot(writer);
    sections.push_back({.name = section_of(i), .bytes = std::move(writer).take()});
  }
}

base::Status Junction::load(const checkpoint::Checkpoint& state) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(loaded_, true)) return {};
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (base::Status s = checkpoint::load(state, section_of(i), nodes_[i].task); !s) return s;
  }
  // Channels are numbered anew; those of merges below are known by their input.
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& child = nodes_[i];
    if (child.parent == kNoParent) continue;
    Node& parent = nodes_[child.parent];
    child.channel = parent.task.merge().open({.input = child.input, .topic = {}, .partition = 0});
    if (parent.child_of.size() <= child.channel) {
      parent.child_of.resize(child.channel + 1, kNoParent);
    }
  }
  for (Node& node : nodes_) std::fill(node.child_of.begin(), node.child_of.end(), kNoParent);
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].parent != kNoParent) nodes_[nodes_[i].parent].child_of[nodes_[i].channel] = i;
  }
  return {};
}

bool Junction::resting(TaskSlot& slot) const {
  const std::lock_guard lock(mutex_);
  const auto seat = seats_.find(&slot);
  return seat != seats_.end() &&
         nodes_[seat->second.node].task.merge().is_resting(seat->second.channel);
}

// ---- any thread

Digest Junction::digest() const {
  const std::lock_guard lock(mutex_);
  return nodes_.back().task.digest();
}

std::uint64_t Junction::evicted() const noexcept {
  return evicted_.load(std::memory_order_relaxed);
}

std::string Junction::message() const {
  const std::lock_guard lock(blame_mutex_);
  const Clock::duration waited = Clock::now() - blame_.since;
  if (blame_.slot == nullptr || waited < kSayAfter) return {};
  const std::string who = blame_.slot->name();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(waited);
  return "results wait for " + who + ", which has had nothing newer for " +
         record::duration_text(
             static_cast<std::uint64_t>(std::chrono::nanoseconds(seconds).count())) +
         ": a row comes out when every partition has come past its event time; "
         "idle_timeout=\"10s\" "
         "leaves a partition out that is silent for so long";
}

}  // namespace headrace::pipeline
