// A bounded single-producer single-consumer ring, with batch push and pop.
//
// Indices run freely and are masked on access (capacity is a power of two), so full and empty need
// no spare slot. Each side keeps a private copy of the other's index and looks at the shared one
// only when the copy says full or empty; that, and blocks instead of single items, is what takes a
// hand-over from 50-100 ns to a few (PERFORMANCE figures in tests/bench). Order is on the atomics:
// no standalone fences, which ThreadSanitizer cannot see.
//
// Thread contract: push* by one producer thread, pop* by one consumer thread; size() by any, as an
//   estimate.
// Cost: one release store a call, whatever the number of items; a load of the other side's line
// only
//   when the cached index runs out.
// Lifetime: items left in the ring are destroyed with it.
//
//   SpscRing<BatchPtr> ring(64);
//   if (!ring.try_push(std::move(batch))) pause();
//   std::array<BatchPtr, 16> out;  std::size_t n = ring.pop(out);
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace headrace::ring {

// Two lines: the adjacent-line prefetcher of x86 pulls pairs.
inline constexpr std::size_t kCacheLine = 128;

template <class T, template <class> class Atomic = std::atomic>
class SpscRing {
 public:
  // Capacity is rounded up to a power of two. `start` places the indices (tests of wrap-around).
  explicit SpscRing(std::size_t capacity, std::size_t start = 0)
      : capacity_(std::bit_ceil(capacity < 1 ? std::size_t{1} : capacity)),
        mask_(capacity_ - 1),
        slots_(std::make_unique<T[]>(capacity_)),
        head_(start),
        tail_seen_(start),
        tail_(start),
        head_seen_(start) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  [[nodiscard]] bool try_push(T&& item) {
    T* one = &item;
    return push({one, 1}) == 1;
  }
  // Moves as many items from the front of `items` as fit; returns how many.
  [[nodiscard]] std::size_t push(std::span<T> items) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    std::size_t room = capacity_ - (tail - head_seen_);
    if (room < items.size()) {
      head_seen_ = head_.load(std::memory_order_acquire);
      room = capacity_ - (tail - head_seen_);
    }
    const std::size_t n = items.size() < room ? items.size() : room;
    if (n == 0) return 0;
    copy_in(items.first(n), tail);
    tail_.store(tail + n, std::memory_order_release);
    return n;
  }

  [[nodiscard]] bool try_pop(T& item) { return pop({&item, 1}) == 1; }
  // Moves up to out.size() items out; returns how many.
  [[nodiscard]] std::size_t pop(std::span<T> out) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    std::size_t there = tail_seen_ - head;
    if (there < out.size()) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      there = tail_seen_ - head;
    }
    const std::size_t n = out.size() < there ? out.size() : there;
    if (n == 0) return 0;
    copy_out(out.first(n), head);
    head_.store(head + n, std::memory_order_release);
    return n;
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  // Exact for neither side while the other works; never above capacity.
  [[nodiscard]] std::size_t size() const noexcept {
    const std::size_t head = head_.load(std::memory_order_acquire);
    const std::size_t n = tail_.load(std::memory_order_acquire) - head;
    return n < capacity_ ? n : capacity_;
  }

 private:
  // Two straight runs instead of a mask per item.
  void copy_in(std::span<T> items, std::size_t tail) {
    const std::size_t at = tail & mask_;
    const std::size_t first = items.size() < capacity_ - at ? items.size() : capacity_ - at;
    move_run(items.data(), first, &slots_[at]);
    move_run(items.data() + first, items.size() - first, &slots_[0]);
  }
  void copy_out(std::span<T> out, std::size_t head) {
    const std::size_t at = head & mask_;
    const std::size_t first = out.size() < capacity_ - at ? out.size() : capacity_ - at;
    move_run(&slots_[at], first, out.data());
    move_run(&slots_[0], out.size() - first, out.data() + first);
  }
  static void move_run(T* from, std::size_t n, T* to) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      if (n > 0) std::memcpy(to, from, n * sizeof(T));
    } else {
      for (std::size_t i = 0; i < n; ++i) to[i] = std::move(from[i]);
    }
  }

  // Read by both sides, written by neither after construction.
  const std::size_t capacity_;
  const std::size_t mask_;
  const std::unique_ptr<T[]> slots_;
  // Consumer's line: what it alone writes. The producer loads head_ only when its copy says full.
  alignas(kCacheLine) Atomic<std::size_t> head_;
  std::size_t tail_seen_;
  // Producer's line, likewise.
  alignas(kCacheLine) Atomic<std::size_t> tail_;
  std::size_t head_seen_;
};

}  // namespace headrace::ring
