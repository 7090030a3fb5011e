#include <headrace/pipeline/thread_setup.hpp>

#include <pthread.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <stdexcept>

#include "catch.hpp"

using namespace headrace;
using pipeline::Lifecycle;
using pipeline::start_thread;

TEST_CASE("a thread has its name and no signals, and the caller keeps its own") {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  Lifecycle life([] {}, [] {});
  bool deaf = false;
  std::array<char, 16> name{};
  std::atomic<bool> named{false};  // from outside
  std::thread thread = start_thread("headrace-a-long-name", life, [&] {
    named.wait(false);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    deaf = sigismember(&mask, SIGINT) == 1;
    pthread_getname_np(pthread_self(), name.data(), name.size());
  });
  named = true;
  named.notify_one();
  thread.join();
  CHECK(deaf);
  CHECK(std::string(name.data()) == "headrace-a-long");
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  CHECK(sigismember(&after, SIGINT) == sigismember(&before, SIGINT));
}

TEST_CASE("exceptions become the run's failure, ours with their code") {
  Lifecycle foreign([] {}, [] {});
  start_thread("t", foreign, [] { throw std::runtime_error("foreign"); }).join();
  CHECK(foreign.failure()->code == base::ErrorCode::kInternal);
  CHECK(foreign.failure()->message == "foreign");
  Lifecycle ours([] {}, [] {});
  start_thread("t", ours, [] {
    throw base::Exception({.code = base::ErrorCode::kModel, .message = "ours"});
  }).join();
  CHECK(ours.failure()->code == base::ErrorCode::kModel);
}
