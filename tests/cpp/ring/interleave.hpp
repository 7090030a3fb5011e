// An exhaustive scheduler for small concurrent programs: every interleaving, every stale read.
//
// Threads are fibers on one OS thread and switch only at atomic operations. A load may return any
// store that the C++ memory model allows it to see: none older than what the thread already saw
// of that variable (coherence), none older than a store that happens before the load. Plain cells
// carry vector clocks, so that an access that is not ordered by happens-before is reported as the
// data race it is. Decisions are explored depth first by replay.
//
// Not modelled, because the ring does not use it: seq_cst order, read-modify-write, fences, and
// loads that see stores of the future (load buffering).
//
// Thread contract: one exploration at a time, on one thread.
//
//   Explorer explorer;
//   explorer.explore([] { return Scenario{.threads = {producer, consumer}, .after = check}; });
//   REQUIRE(explorer.violations() == 0);
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace headrace::testing {

inline constexpr std::size_t kMaxThreads = 3;

// Component t: how many stores of thread t are known to have happened.
struct Clock {
  std::array<std::uint32_t, kMaxThreads> at{};
  void join(const Clock& other) {
    for (std::size_t i = 0; i < kMaxThreads; ++i) at[i] = std::max(at[i], other.at[i]);
  }
};

// Which of the ring's four orders is taken away: the variable by order of construction, and whether
// its loads or its stores become relaxed.
struct Weakening {
  int variable = -1;
  bool loads = false;
};

struct Scenario {
  std::vector<std::function<void()>> threads;
  std::function<void()> after;  // runs when all have ended; sees everything they did
};

class Explorer {
 public:
  explicit Explorer(Weakening weakening = {}) : weakening_(weakening) {}

  // Until everything was seen, or the first execution that went wrong.
  void explore(const std::function<Scenario()>& make) {
    do {
      depth_ = 0;
      run_once(make);
      ++executions_;
    } while (violations_ == 0 && next_branch());
  }
  [[nodiscard]] std::uint64_t executions() const { return executions_; }
  [[nodiscard]] std::uint64_t violations() const { return violations_; }
  [[nodiscard]] const std::string& first_violation() const { return first_; }

  static Explorer& current() { return *instance(); }
  void fail(const std::string& what) {
    if (violations_++ == 0) first_ = what;
  }

  // For Atomic and Cell.
  [[nodiscard]] std::size_t self() const { return running_; }
  [[nodiscard]] Clock& clock() { return clocks_[running_]; }
  [[nodiscard]] std::size_t choose(std::size_t alternatives) {
    if (alternatives <= 1) return 0;
    if (depth_ == path_.size()) path_.push_back({0, alternatives});
    return path_[depth_++].taken;
  }
  void reschedule() {
    if (in_threads_) swapcontext(&fibers_[running_].context, &scheduler_);
  }
  [[nodiscard]] bool in_threads() const { return in_threads_; }
  [[nodiscard]] int register_variable() { return variables_++; }
  [[nodiscard]] bool weakened(int variable, bool load) const {
    return variable == weakening_.variable && load == weakening_.loads;
  }

 private:
  struct Branch {
    std::size_t taken;
    std::size_t alternatives;
  };
  struct Fiber {
    ucontext_t context{};
    std::unique_ptr<char[]> stack = std::make_unique<char[]>(kStack);
    std::function<void()> body;
    bool ended = false;
  };
  static constexpr std::size_t kStack = 64U << 10U;

  static Explorer*& instance() {
    static Explorer* pointer = nullptr;
    return pointer;
  }
  static void enter() {
    Explorer& explorer = current();
    Fiber& fiber = explorer.fibers_[explorer.running_];
    fiber.body();
    fiber.ended = true;
    swapcontext(&fiber.context, &explorer.scheduler_);
  }

  // On its own: a local of the function that calls getcontext() need not survive it.
  static void prepare(Fiber& fiber, const std::function<void()>& body) {
    fiber.body = body;
    fiber.ended = false;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStack;
    makecontext(&fiber.context, &Explorer::enter, 0);
  }

  void run_once(const std::function<Scenario()>& make) {
    instance() = this;
    in_threads_ = false;
    running_ = 0;
    variables_ = 0;
    clocks_ = {};
    Scenario scenario = make();
    fibers_.resize(scenario.threads.size());
    for (std::size_t i = 0; i < fibers_.size(); ++i) prepare(fibers_[i], scenario.threads[i]);
    schedule_until_all_ended();
    for (const Clock& clock : clocks_) clocks_[0].join(clock);
    running_ = 0;
    scenario.after();
  }

  void schedule_until_all_ended() {
    in_threads_ = true;
    for (;;) {
      std::array<std::size_t, kMaxThreads> runnable{};
      std::size_t n = 0;
      for (std::size_t i = 0; i < fibers_.size(); ++i) {
        if (!fibers_[i].ended) runnable[n++] = i;
      }
      if (n == 0) break;
      running_ = runnable[choose(n)];
      swapcontext(&scheduler_, &fibers_[running_].context);
    }
    in_threads_ = false;
  }

  // Steps to the next unexplored branch; false when all were taken.
  bool next_branch() {
    while (!path_.empty() && path_.back().taken + 1 == path_.back().alternatives) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().taken;
    return true;
  }

  Weakening weakening_;
  std::vector<Fiber> fibers_;
  ucontext_t scheduler_{};
  std::array<Clock, kMaxThreads> clocks_{};
  std::vector<Branch> path_;
  std::size_t depth_ = 0;
  std::size_t running_ = 0;
  bool in_threads_ = false;
  int variables_ = 0;
  std::uint64_t executions_ = 0;
  std::uint64_t violations_ = 0;
  std::string first_;
};

// Stands in for std::atomic: the whole history of stores is kept, a load picks one it may see.
template <class T>
class ModelAtomic {
 public:
  explicit ModelAtomic(T value) : id_(Explorer::current().register_variable()) {
    history_.push_back({.value = value, .writer = 0, .at = 0, .released = {}});
  }

  T load(std::memory_order order) const {
    Explorer& explorer = Explorer::current();
    const std::size_t me = explorer.self();
    if (explorer.in_threads() && !owned_by(me)) explorer.reschedule();
    const std::size_t oldest = std::max(seen_[me], newest_known_to(explorer.clock()));
    const std::size_t pick = history_.size() - 1 - explorer.choose(history_.size() - oldest);
    seen_[me] = pick;
    const bool acquire = order == std::memory_order_acquire && !explorer.weakened(id_, true);
    if (acquire) explorer.clock().join(history_[pick].released);
    return history_[pick].value;
  }

  void store(T value, std::memory_order order) {
    Explorer& explorer = Explorer::current();
    explorer.reschedule();
    const std::size_t me = explorer.self();
    if (explorer.in_threads() && history_.size() > 1 && !owned_by(me)) {
      explorer.fail("two threads store to one variable");
    }
    Clock& clock = explorer.clock();
    const bool release = order == std::memory_order_release && !explorer.weakened(id_, false);
    history_.push_back({.value = value,
                        .writer = me,
                        .at = ++clock.at[me],
                        .released = release ? clock : Clock{}});
    seen_[me] = history_.size() - 1;
  }

 private:
  struct Store {
    T value;
    std::size_t writer;
    std::uint32_t at;  // the writer's own component when it stored
    Clock released;    // what an acquiring load learns
  };
  // The thread's own variable: its loads have one outcome and are no point to switch at.
  [[nodiscard]] bool owned_by(std::size_t thread) const {
    return history_.size() > 1 && history_.back().writer == thread;
  }
  [[nodiscard]] std::size_t newest_known_to(const Clock& clock) const {
    std::size_t i = history_.size() - 1;
    while (i > 0 && clock.at[history_[i].writer] < history_[i].at) --i;
    return i;
  }

  int id_;
  std::vector<Store> history_;
  mutable std::array<std::size_t, kMaxThreads> seen_{};
};

// A plain value that notices unordered access.
class Cell {
 public:
  Cell() = default;
  explicit Cell(int value) : value_(value) {}
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;
  Cell(Cell&& other) noexcept : value_(other.read()) {}
  Cell& operator=(Cell&& other) noexcept {
    write(other.read());
    return *this;
  }
  ~Cell() = default;

  [[nodiscard]] int read() {
    Explorer& explorer = Explorer::current();
    if (!ordered(written_by_, written_at_)) explorer.fail("read races with a write");
    read_at_[explorer.self()] = stamp();
    return value_;
  }

 private:
  // Accesses are stamped with the next store to come: whoever learns of that store learns of them.
  [[nodiscard]] static std::uint32_t stamp() {
    Explorer& explorer = Explorer::current();
    return explorer.clock().at[explorer.self()] + 1;
  }
  [[nodiscard]] static bool ordered(std::size_t thread, std::uint32_t at) {
    Explorer& explorer = Explorer::current();
    return at == 0 || !explorer.in_threads() || thread == explorer.self() ||
           explorer.clock().at[thread] >= at;
  }
  void write(int value) {
    Explorer& explorer = Explorer::current();
    if (!ordered(written_by_, written_at_)) explorer.fail("write races with a write");
    for (std::size_t t = 0; t < kMaxThreads; ++t) {
      if (!ordered(t, read_at_[t])) explorer.fail("write races with a read");
    }
    value_ = value;
    written_by_ = explorer.self();
    written_at_ = explorer.in_threads() ? stamp() : 0;
  }

  int value_ = 0;
  std::size_t written_by_ = 0;
  std::uint32_t written_at_ = 0;  // 0: before the threads began
  std::array<std::uint32_t, kMaxThreads> read_at_{};
};

}  // namespace headrace::testing
