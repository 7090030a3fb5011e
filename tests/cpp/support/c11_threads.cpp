// The C11 threads of librdkafka as POSIX ones, for TSan.
//
// TSan learns of threads and locks by standing in front of pthread_create(), pthread_mutex_lock()
// and so on. glibc's thrd_create(), mtx_lock() and their kin pass it by: a thread that they start
// crashes in the first function that TSan watches, and what their locks order looks like a race.
// Defined in the test program, these here are the ones that the library finds. Their types are the
// POSIX ones under other names in glibc.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

#define HEADRACE_EXPORT __attribute__((visibility("default")))

namespace {

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));

struct Start {
  thrd_start_t function;
  void* argument;
};

void* run(void* raw) {
  const std::unique_ptr<Start> start(static_cast<Start*>(raw));
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(start->function(start->argument)));
}

pthread_mutex_t* posix(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* posix(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

int result(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case ETIMEDOUT:
      return thrd_timedout;
    case EBUSY:
      return thrd_busy;
    case ENOMEM:
      return thrd_nomem;
    default:
      return thrd_error;
  }
}

}  // namespace

extern "C" {

HEADRACE_EXPORT int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto start = std::make_unique<Start>(Start{function, argument});
  const int error = pthread_create(thread, nullptr, &run, start.get());
  if (error == 0) static_cast<void>(start.release());
  return result(error == EAGAIN ? ENOMEM : error);
}

HEADRACE_EXPORT int thrd_join(thrd_t thread, int* code) {
  void* returned = nullptr;
  const int error = pthread_join(thread, &returned);
  if (code != nullptr) *code = static_cast<int>(reinterpret_cast<std::intptr_t>(returned));
  return result(error);
}

HEADRACE_EXPORT int mtx_init(mtx_t* mutex, int type) noexcept {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) {
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  }
  const int error = pthread_mutex_init(posix(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return result(error);
}

HEADRACE_EXPORT void mtx_destroy(mtx_t* mutex) noexcept { pthread_mutex_destroy(posix(mutex)); }
HEADRACE_EXPORT int mtx_lock(mtx_t* mutex) { return result(pthread_mutex_lock(posix(mutex))); }
HEADRACE_EXPORT int mtx_unlock(mtx_t* mutex) noexcept {
  return result(pthread_mutex_unlock(posix(mutex)));
}

HEADRACE_EXPORT int cnd_init(cnd_t* condition) noexcept {
  return result(pthread_cond_init(posix(condition), nullptr));
}
HEADRACE_EXPORT void cnd_destroy(cnd_t* condition) noexcept {
  pthread_cond_destroy(posix(condition));
}
HEADRACE_EXPORT int cnd_signal(cnd_t* condition) noexcept {
  return result(pthread_cond_signal(posix(condition)));
}
HEADRACE_EXPORT int cnd_broadcast(cnd_t* condition) noexcept {
  return result(pthread_cond_broadcast(posix(condition)));
}
HEADRACE_EXPORT int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return result(pthread_cond_wait(posix(condition), posix(mutex)));
}
HEADRACE_EXPORT int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const struct timespec* until) {
  return result(pthread_cond_timedwait(posix(condition), posix(mutex), until));
}
}
