// Lets one thread sleep until another has something for it.
//
// Both sides exchange one word, which orders them: either the sleeper finds that the bell was rung
// and looks again, or the ringer finds it asleep and wakes it. What was made visible before ring()
// is seen after wait(). A ring while nobody waits makes the next wait return at once; several count
// as one. Waiting costs nothing until ring(): no timer, no core.
//
// Thread contract: wait by one thread; ring by any.
// Cost: one atomic exchange; a system call only when the other side sleeps.
//
//   producer: ring.try_push(x); bell.ring();
//   consumer: while (!ring.try_pop(x)) bell.wait();
#pragma once

#include <atomic>

namespace headrace::pipeline {

class Doorbell {
 public:
  void ring() noexcept {
    if (state_.exchange(kRung, std::memory_order_acq_rel) == kAsleep) state_.notify_one();
  }
  void wait() noexcept {
    if (state_.exchange(kAsleep, std::memory_order_acq_rel) != kRung) {
      state_.wait(kAsleep, std::memory_order_acquire);
    }
    state_.exchange(kQuiet, std::memory_order_acq_rel);
  }

 private:
  static constexpr int kQuiet = 0;
  static constexpr int kRung = 1;
  static constexpr int kAsleep = 2;
  std::atomic<int> state_{kQuiet};
};

}  // namespace headrace::pipeline
