// A consumer group: its members, its generations, and the positions that it keeps.
//
// Who may commit positions within a transaction is decided as Kafka does it: a member by its id,
// its instance and its generation; somebody without any of them always, whoever is a member.
//
// Thread contract: one thread.
// Cost: that of a few small maps.
//
//   Group group(world, settings);
//   Group::Joined j = group.join("", "slot-0", {});
//   Group::Synced s = group.sync(j.member);        // kAgain until all have joined
//   group.send_positions({.member = j.member, .generation = s.generation}, "app-0", positions);
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "code.hpp"
#include "world.hpp"

#include <headrace/sink/transaction_log.hpp>

namespace headrace::simulation {

// What a client knows of its membership.
struct Membership {
  std::string member;
  std::int64_t generation = -1;
  std::string instance;  // static membership; empty: none
};
[[nodiscard]] std::string to_text(const Membership& membership);
[[nodiscard]] Membership membership_from(const std::string& text);

class Group {
 public:
  struct Settings {
    int partitions = 1;
    bool cooperative = false;  // members keep what is theirs while others join
    Time session = 6 * kSecond;
    Time rebalance = 8 * kSecond;  // for members to join again
  };
  struct Joined {
    Code code = Code::kOk;
    std::string member;
  };
  struct Synced {
    Code code = Code::kOk;
    std::int64_t generation = -1;
    std::set<int> assigned;
  };

  Group(World& world, Settings settings) : world_(world), settings_(settings) {}

  Joined join(const std::string& member, const std::string& instance, const std::set<int>& owned);
  Synced sync(const std::string& member);
  Code heartbeat(const std::string& member, std::int64_t generation);
  void leave(const std::string& member);
  // Members that have not been heard of, and rebalances that have waited for long enough.
  void look_at_clock();
  // Nobody is held to have been silent while nobody could be heard.
  void restarted();

  // Of the open transaction of `producer`.
  Code send_positions(const Membership& membership, const std::string& producer,
                      std::span<const sink::Position> positions);
  [[nodiscard]] bool pending(const std::string& producer) const {
    return pending_.contains(producer);
  }
  void end(const std::string& producer, bool commit);
  // kAgain while a transaction that has not ended may change it.
  Code committed(int partition, sink::Mark& mark) const;
  // As it is now, for those who look on.
  [[nodiscard]] sink::Mark now_committed(int partition) const;

 private:
  struct Member {
    std::string instance;
    Time heard = 0;
    bool joined = false;  // for the next generation
    std::set<int> owned;
    std::set<int> assigned;
  };
  struct Pending {
    sink::Mark mark;
    std::uint64_t number = 0;  // which one came last
  };

  void begin_rebalance();
  void end_rebalance();
  void assign();
  [[nodiscard]] bool may_commit(const Membership& membership) const;

  World& world_;
  Settings settings_;
  std::map<std::string, Member> members_;
  bool rebalancing_ = false;
  bool withheld_ = false;  // a partition that its owner has to give back first
  Time rebalance_until_ = 0;
  std::int64_t generation_ = 0;
  std::uint64_t names_ = 0;
  std::uint64_t numbers_ = 0;
  std::map<int, Pending> committed_;
  std::map<std::string, std::map<int, Pending>> pending_;  // by producer
};

}  // namespace headrace::simulation
