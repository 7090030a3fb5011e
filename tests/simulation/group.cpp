#include "group.hpp"

#include <algorithm>
#include <utility>

namespace headrace::simulation {

std::string to_text(const Membership& membership) {
  return membership.member + '/' + std::to_string(membership.generation) + '/' +
         membership.instance;
}

Membership membership_from(const std::string& text) {
  const std::size_t first = text.find('/');
  const std::size_t second = text.find('/', first + 1);
  return {.member = text.substr(0, first),
          .generation = std::stoll(text.substr(first + 1, second - first - 1)),
          .instance = text.substr(second + 1)};
}

Group::Joined Group::join(const std::string& member, const std::string& instance,
                          const std::set<int>& owned) {
  if (!member.empty() && !members_.contains(member)) return {.code = Code::kNotMember};
  std::string name = member;
  if (name.empty()) {
    name = "m" + std::to_string(++names_);
    const auto former = std::find_if(members_.begin(), members_.end(), [&](const auto& known) {
      return !instance.empty() && known.second.instance == instance;
    });
    if (former != members_.end()) {
      // Static: the new one is in the place of the former, without a rebalance where none is on and
      // no partition waits for one.
      Member taken = std::move(former->second);
      members_.erase(former);
      taken.heard = world_.now();
      taken.owned.clear();
      members_[name] = std::move(taken);
      if (withheld_) begin_rebalance();
      members_[name].joined = rebalancing_;
      if (rebalancing_) end_rebalance();
      return {.member = name};
    }
    members_[name].instance = instance;
  }
  Member& joined = members_[name];
  joined.heard = world_.now();
  joined.owned = owned;
  begin_rebalance();
  joined.joined = true;
  end_rebalance();
  return {.member = name};
}

Group::Synced Group::sync(const std::string& member) {
  const auto found = members_.find(member);
  if (found == members_.end()) return {.code = Code::kNotMember};
  found->second.heard = world_.now();
  if (rebalancing_) return {.code = found->second.joined ? Code::kAgain : Code::kRebalance};
  return {.generation = generation_, .assigned = found->second.assigned};
}

Code Group::heartbeat(const std::string& member, std::int64_t generation) {
  const auto found = members_.find(member);
  if (found == members_.end()) return Code::kNotMember;
  found->second.heard = world_.now();
  return rebalancing_ || generation != generation_ ? Code::kRebalance : Code::kOk;
}

void Group::leave(const std::string& member) {
  if (members_.erase(member) == 0) return;
  begin_rebalance();
  end_rebalance();
}

void Group::look_at_clock() {
  const auto silent = [this](const auto& known) {
    return known.second.heard + settings_.session < world_.now();
  };
  if (std::erase_if(members_, silent) != 0) begin_rebalance();
  if (!rebalancing_) return;
  if (rebalance_until_ < world_.now()) {
    std::erase_if(members_, [](const auto& known) { return !known.second.joined; });
  }
  end_rebalance();
}

void Group::restarted() {
  for (auto& [name, member] : members_) member.heard = world_.now();
  rebalance_until_ = std::max(rebalance_until_, world_.now() + settings_.rebalance);
}

void Group::begin_rebalance() {
  if (std::exchange(rebalancing_, true)) return;
  rebalance_until_ = world_.now() + settings_.rebalance;
  for (auto& [name, member] : members_) member.joined = false;
}

// Where all have joined.
void Group::end_rebalance() {
  const auto absent = [](const auto& known) { return !known.second.joined; };
  if (std::any_of(members_.begin(), members_.end(), absent)) return;
  rebalancing_ = false;
  ++generation_;
  assign();
}

void Group::assign() {
  withheld_ = false;
  if (members_.empty()) return;
  std::vector<Member*> all;
  for (auto& [name, member] : members_) {
    member.assigned.clear();
    all.push_back(&member);
  }
  // Any fair spread will do: one that shifts with the generation moves much.
  const std::size_t shift = static_cast<std::size_t>(generation_);
  for (int partition = 0; partition < settings_.partitions; ++partition) {
    Member& to = *all[(static_cast<std::size_t>(partition) + shift / 3) % all.size()];
    const bool taken = std::any_of(all.begin(), all.end(), [&](const Member* member) {
      return member != &to && member->owned.contains(partition);
    });
    // Cooperative: its owner has to give it back first, and joins again when it has.
    if (settings_.cooperative && taken) {
      withheld_ = true;
    } else {
      to.assigned.insert(partition);
    }
  }
  for (Member* member : all) member->owned = member->assigned;
}

bool Group::may_commit(const Membership& membership) const {
  if (membership.generation < 0 && membership.member.empty() && membership.instance.empty()) {
    return true;
  }
  const auto found = members_.find(membership.member);
  return found != members_.end() && found->second.instance == membership.instance &&
         membership.generation == generation_;
}

Code Group::send_positions(const Membership& membership, const std::string& producer,
                           std::span<const sink::Position> positions) {
  if (!may_commit(membership)) return Code::kNotMember;
  for (const sink::Position& position : positions) {
    pending_[producer][position.partition.second] = {.mark = position.mark, .number = ++numbers_};
  }
  return Code::kOk;
}

void Group::end(const std::string& producer, bool commit) {
  const auto found = pending_.find(producer);
  if (found == pending_.end()) return;
  for (auto& [partition, pending] : found->second) {
    Pending& former = committed_[partition];
    if (commit && former.number < pending.number) former = pending;
  }
  pending_.erase(found);
}

Code Group::committed(int partition, sink::Mark& mark) const {
  for (const auto& [producer, pending] : pending_) {
    if (pending.contains(partition)) return Code::kAgain;
  }
  mark = now_committed(partition);
  return Code::kOk;
}

sink::Mark Group::now_committed(int partition) const {
  const auto found = committed_.find(partition);
  return found == committed_.end() || found->second.number == 0 ? sink::Mark{} : found->second.mark;
}

}  // namespace headrace::simulation
