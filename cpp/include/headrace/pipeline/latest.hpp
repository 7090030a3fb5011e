// The newest version of an immutable value: one writer replaces it, readers take it.
//
// Two slots, each behind its own mutex. Readers queue among themselves, so at most one of them is
// in a slot, and the writer always finds the other one free: it never waits, even for a reader that
// lost its core while copying the pointer. (libstdc++ 12's atomic<shared_ptr> would have it spin.)
//
// Thread contract: publish by one thread at a time; get by any thread.
// Cost: an uncontended mutex each.
// Lifetime: the version before the newest is held until the next publish.
//
//   Latest<List> list;
//   list.publish(std::make_shared<const List>(...));
//   std::shared_ptr<const List> now = list.get();
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

namespace headrace::pipeline {

template <class T>
class Latest {
 public:
  void publish(std::shared_ptr<const T> value) {
    // The slot that readers are not sent to is free but for a reader that was sent there before.
    for (std::size_t i = 1 - newest_.load(std::memory_order_relaxed);; i = 1 - i) {
      Slot& slot = slots_[i];
      if (!slot.mutex.try_lock()) continue;
      slot.value.swap(value);
      // Before the unlock: a reader that was sent here long ago takes this version, and must not be
      // sent to the other slot's older one with its next look.
      newest_.store(i, std::memory_order_release);
      slot.mutex.unlock();
      return;  // the replaced version is let go here, outside the slot
    }
  }

  [[nodiscard]] std::shared_ptr<const T> get() const {
    const std::lock_guard one_reader(readers_);
    const Slot& slot = slots_[newest_.load(std::memory_order_acquire)];
    const std::lock_guard lock(slot.mutex);
    return slot.value;
  }

 private:
  struct Slot {
    mutable std::mutex mutex;
    std::shared_ptr<const T> value;
  };
  mutable std::mutex readers_;
  std::atomic<std::size_t> newest_{0};
  std::array<Slot, 2> slots_;
};

}  // namespace headrace::pipeline
