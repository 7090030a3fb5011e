#include <headrace/pipeline/thread_setup.hpp>

#include <pthread.h>
#include <signal.h>

#include <exception>
#include <utility>

namespace headrace::pipeline {
namespace {

// Blocks every signal while it lives; a thread inherits the mask of the one that starts it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

void run_guarded(Lifecycle& life, const std::function<void()>& body) noexcept {
  try {
    body();
  } catch (const base::Exception& e) {
    life.fail(e.error());
  } catch (const std::exception& e) {
    life.fail({.code = base::ErrorCode::kInternal, .message = e.what()});
  }
}

std::thread start_thread(const std::string& name, Lifecycle& life, std::function<void()> body) {
  const SignalsBlocked blocked;
  std::thread thread([&life, run = std::move(body)] { run_guarded(life, run); });
  constexpr std::size_t kLongestName = 15;
  pthread_setname_np(thread.native_handle(), name.substr(0, kLongestName).c_str());
  return thread;
}

}  // namespace headrace::pipeline
