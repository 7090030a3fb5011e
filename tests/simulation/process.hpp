// A process as the simulation sees it: events, one fiber that may wait in the middle of a call, and
// a death or a long sleep at any of these places.
//
// What it has asked to happen later happens only while it lives, and not before it wakes from being
// frozen; what it has sent is under way whatever becomes of it.
//
// Thread contract: one thread.
// Cost: that of its events and of its fiber.
//
//   auto process = std::make_shared<Process>(world, "worker 0");
//   process->run([&] { log.init(); ... });       // by the fiber, until it waits
//   process->post(20 * kMs, [] {...});
//   process->kill();
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "fiber.hpp"
#include "world.hpp"

namespace headrace::simulation {

class Process : public std::enable_shared_from_this<Process> {
 public:
  Process(World& world, std::string name) : world_(world), name_(std::move(name)) {}
  ~Process() { kill(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void run(std::function<void()> body);
  void post(Time delay, std::function<void()> event);
  [[nodiscard]] bool alive() const noexcept { return alive_; }
  [[nodiscard]] bool frozen() const noexcept { return world_.now() < frozen_until_; }
  [[nodiscard]] World& world() const noexcept { return world_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  // kill -9. From outside of its fiber.
  void kill();
  // The same at the n-th step() from now.
  void kill_at_step(int n) noexcept { steps_left_ = n; }
  // By the fiber, at its end.
  void die() noexcept { alive_ = false; }
  void freeze(Time time) noexcept { frozen_until_ = world_.now() + time; }

  // By the fiber: at every place where it may die without having waited.
  void step();
  // By the fiber: until `ready`, which wake() has it look at again. False at the deadline.
  bool wait(Time deadline, const std::function<bool()>& ready);
  void wake();

  void trace(const std::string& line) const { world_.trace(name_ + ": " + line); }
  [[nodiscard]] bool traces() const noexcept { return world_.traces(); }

 private:
  struct Killed {};
  void resume();

  World& world_;
  std::string name_;
  bool alive_ = true;
  Time frozen_until_ = 0;
  int steps_left_ = 0;
  bool waiting_ = false;
  std::unique_ptr<Fiber> fiber_;
};

}  // namespace headrace::simulation
