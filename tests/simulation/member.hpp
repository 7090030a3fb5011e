// The consumer's side of a group, as the engine's source has it: joins, heartbeats, and tells its
// listener which partitions come and go.
//
// Partitions are given back before the member joins again; when it learns that it was thrown out,
// its membership is gone at once and its partitions are told to be lost a little later, as it is
// with a client whose callbacks wait their turn.
//
// Thread contract: one thread; the events of a process.
// Cost: a message every heartbeat.
//
//   Member member(process, network, broker, settings, listener);
//   member.start();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "network.hpp"

namespace headrace::simulation {

class Member {
 public:
  struct Settings {
    bool cooperative = false;
    std::string instance;  // static membership
    Time heartbeat = 300 * kMs;
  };
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void assign(int partition) = 0;
    // Calls `then` when nothing of them will be committed any more.
    virtual void release(const std::set<int>& partitions, std::function<void()> then) = 0;
    virtual void lose_all() = 0;
    [[nodiscard]] virtual std::set<int> held() const = 0;
  };

  Member(std::shared_ptr<Process> process, Network& network, Broker& broker, Settings settings,
         Listener& listener);

  void start();
  void leave();
  [[nodiscard]] const Membership& membership() const noexcept { return membership_; }

 private:
  enum class State : std::uint8_t { kJoining, kSyncing, kStable, kReleasing, kLeft };

  void tick();
  void join();
  void sync();
  void heartbeat();
  void synced(const Group::Synced& answer);
  void release(const std::set<int>& partitions);
  void thrown_out();

  std::weak_ptr<Process> process_;
  Network& network_;
  Broker& broker_;
  Settings settings_;
  Listener& listener_;
  State state_ = State::kJoining;
  Membership membership_;
  std::uint64_t releases_ = 0;
  bool waits_ = false;  // for an answer: one thing at a time
};

}  // namespace headrace::simulation
