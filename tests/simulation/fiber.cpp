#include "fiber.hpp"

#include <ucontext.h>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

// Sanitizers have to be told of a switch of stacks.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace headrace::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStackBytes = 512U << 10U;
#else
constexpr std::size_t kStackBytes = 64U << 10U;
#endif

using Stack = std::unique_ptr<std::byte[]>;

std::vector<Stack>& spare_stacks() {
  thread_local std::vector<Stack> stacks;
  return stacks;
}

Stack take_stack() {
  if (spare_stacks().empty()) return std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
  Stack stack = std::move(spare_stacks().back());
  spare_stacks().pop_back();
  return stack;
}

}  // namespace

struct Fiber::Impl {
  std::function<void()> body;
  Stack stack = take_stack();
  ucontext_t own{};
  ucontext_t resumer{};
  bool begun = false;
  bool done = false;
#if defined(__SANITIZE_ADDRESS__)
  void* own_fake = nullptr;
  void* resumer_fake = nullptr;
  const void* resumer_bottom = nullptr;
  std::size_t resumer_size = 0;
#elif defined(__SANITIZE_THREAD__)
  void* own_tsan = __tsan_create_fiber(0);
  void* resumer_tsan = nullptr;
#endif

  void enter() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&resumer_fake, stack.get(), kStackBytes);
#elif defined(__SANITIZE_THREAD__)
    resumer_tsan = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(own_tsan, 0);
#endif
    swapcontext(&resumer, &own);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(resumer_fake, nullptr, nullptr);
#endif
  }

  void leave() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(done ? nullptr : &own_fake, resumer_bottom, resumer_size);
#elif defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(resumer_tsan, 0);
#endif
    swapcontext(&own, &resumer);
    arrived();
  }

  void arrived() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(own_fake, &resumer_bottom, &resumer_size);
#endif
  }
};

namespace {

thread_local Fiber* running = nullptr;

}  // namespace

Fiber::Fiber(std::function<void()> body) : impl_(std::make_unique<Impl>()) {
  impl_->body = std::move(body);
}

Fiber::~Fiber() {
  assert(impl_->done || !impl_->begun);
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(impl_->own_tsan);
#endif
  spare_stacks().push_back(std::move(impl_->stack));
}

bool Fiber::done() const noexcept { return impl_->done; }

void Fiber::resume() {
  assert(running == nullptr && !impl_->done);
  if (!std::exchange(impl_->begun, true)) {
    getcontext(&impl_->own);
    impl_->own.uc_stack.ss_sp = impl_->stack.get();
    impl_->own.uc_stack.ss_size = kStackBytes;
    impl_->own.uc_link = nullptr;
    makecontext(
        &impl_->own,
        +[] {
          Impl& impl = *running->impl_;
          impl.arrived();
          impl.body();
          impl.done = true;
          impl.leave();
        },
        0);
  }
  running = this;
  impl_->enter();
  running = nullptr;
}

void Fiber::pause() {
  assert(running != nullptr);
  running->impl_->leave();
}

}  // namespace headrace::simulation
