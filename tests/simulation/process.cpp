#include "process.hpp"

#include <utility>

namespace headrace::simulation {

void Process::run(std::function<void()> body) {
  fiber_ = std::make_unique<Fiber>([this, body = std::move(body)] {
    try {
      body();
    } catch (const Killed&) {
      alive_ = false;
    }
  });
  fiber_->resume();
}

void Process::post(Time delay, std::function<void()> event) {
  world_.after(delay, [self = weak_from_this(), event = std::move(event)]() mutable {
    const std::shared_ptr<Process> process = self.lock();
    if (!process || !process->alive_) return;
    if (process->frozen()) {
      process->post(process->frozen_until_ - process->world_.now(), std::move(event));
    } else {
      event();
    }
  });
}

void Process::kill() {
  if (alive_ && traces()) trace("killed");
  alive_ = false;
  if (fiber_ && waiting_) fiber_->resume();  // to unwind
}

void Process::step() {
  if (steps_left_ > 0 && --steps_left_ == 0) {
    if (traces()) trace("killed at a call");
    throw Killed{};
  }
}

bool Process::wait(Time deadline, const std::function<bool()>& ready) {
  if (deadline > world_.now()) post(deadline - world_.now(), [this] { resume(); });
  while (!ready()) {
    if (world_.now() >= deadline) return false;
    waiting_ = true;
    Fiber::pause();
    waiting_ = false;
    if (!alive_) throw Killed{};
  }
  return true;
}

void Process::wake() {
  if (waiting_) post(0, [this] { resume(); });
}

void Process::resume() {
  if (waiting_) fiber_->resume();
}

}  // namespace headrace::simulation
