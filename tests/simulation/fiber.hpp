// A stack of its own for code that waits in the middle of a call, without a thread.
//
// Thread contract: all fibers of a thread belong to it; one runs at a time.
// Cost: two switches of context to resume and pause; stacks are kept for the next fiber.
//
//   Fiber fiber([] { step(); Fiber::pause(); step(); });
//   while (!fiber.done()) fiber.resume();
#pragma once

#include <functional>
#include <memory>

namespace headrace::simulation {

class Fiber {
 public:
  // Does not run yet. No exception may leave `body`.
  explicit Fiber(std::function<void()> body);
  // It must have ended, or never begun.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs it until it pauses or ends. Not from within a fiber.
  void resume();
  [[nodiscard]] bool done() const noexcept;
  // By the body: back to whoever resumed it.
  static void pause();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headrace::simulation
