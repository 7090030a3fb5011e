#include "member.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace headrace::simulation {
namespace {

constexpr Time kSyncEvery = 40 * kMs;

}  // namespace

Member::Member(std::shared_ptr<Process> process, Network& network, Broker& broker,
               Settings settings, Listener& listener)
    : process_(process),
      network_(network),
      broker_(broker),
      settings_(std::move(settings)),
      listener_(listener) {
  membership_.instance = settings_.instance;
}

void Member::start() { tick(); }

void Member::leave() {
  state_ = State::kLeft;
  if (membership_.member.empty()) return;
  network_.request<Code>(
      process_.lock(),
      [this, member = membership_.member, &broker = broker_] {
        broker.group().leave(member);
        return Code::kOk;
      },
      [](const Code&) {});
}

void Member::tick() {
  const std::shared_ptr<Process> process = process_.lock();
  if (!waits_) {
    switch (state_) {
      case State::kJoining:
        join();
        break;
      case State::kSyncing:
        sync();
        break;
      case State::kStable:
      case State::kReleasing:
        heartbeat();
        break;
      case State::kLeft:
        return;
    }
  }
  const bool hurries = state_ == State::kJoining || state_ == State::kSyncing;
  process->post(hurries ? kSyncEvery : settings_.heartbeat, [this] { tick(); });
}

void Member::join() {
  waits_ = true;
  network_.request<Group::Joined>(
      process_.lock(),
      [&broker = broker_, member = membership_.member, instance = settings_.instance,
       owned = listener_.held()] { return broker.group().join(member, instance, owned); },
      [this](const Group::Joined& answer) {
        waits_ = false;
        if (state_ != State::kJoining) return;
        if (answer.code != Code::kOk) return thrown_out();
        membership_.member = answer.member;
        state_ = State::kSyncing;
      },
      true);
}

void Member::sync() {
  waits_ = true;
  network_.request<Group::Synced>(
      process_.lock(),
      [&broker = broker_, member = membership_.member] { return broker.group().sync(member); },
      [this](const Group::Synced& answer) {
        waits_ = false;
        if (state_ == State::kSyncing) synced(answer);
      },
      true);
}

void Member::synced(const Group::Synced& answer) {
  if (answer.code == Code::kAgain) return;
  if (answer.code == Code::kNotMember) return thrown_out();
  if (answer.code == Code::kRebalance) {
    state_ = State::kJoining;
    return;
  }
  membership_.generation = answer.generation;
  const std::set<int> held = listener_.held();
  std::set<int> gone;
  std::set_difference(held.begin(), held.end(), answer.assigned.begin(), answer.assigned.end(),
                      std::inserter(gone, gone.end()));
  state_ = State::kStable;
  for (const int partition : answer.assigned) {
    if (!held.contains(partition)) listener_.assign(partition);
  }
  if (!gone.empty()) release(gone);
}

void Member::heartbeat() {
  if (membership_.member.empty()) return;
  waits_ = true;
  network_.request<Code>(
      process_.lock(),
      [&broker = broker_, member = membership_.member, generation = membership_.generation] {
        return broker.group().heartbeat(member, generation);
      },
      [this](const Code& answer) {
        waits_ = false;
        if (state_ != State::kStable && state_ != State::kReleasing) return;
        if (answer == Code::kNotMember) return thrown_out();
        if (state_ != State::kStable || answer != Code::kRebalance) return;
        if (settings_.cooperative) {
          state_ = State::kJoining;
        } else {
          release(listener_.held());
        }
      },
      true);
}

void Member::release(const std::set<int>& partitions) {
  state_ = State::kReleasing;
  listener_.release(partitions, [this, number = ++releases_] {
    if (number == releases_ && state_ == State::kReleasing) state_ = State::kJoining;
  });
}

void Member::thrown_out() {
  const std::shared_ptr<Process> process = process_.lock();
  if (process->traces()) process->trace("is no member any more");
  membership_.member.clear();
  membership_.generation = -1;
  state_ = State::kReleasing;
  process->post(process->world().between(0, 30 * kMs), [this, number = ++releases_] {
    listener_.lose_all();
    if (number == releases_ && state_ == State::kReleasing) state_ = State::kJoining;
  });
}

}  // namespace headrace::simulation
