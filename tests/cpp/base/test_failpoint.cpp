#include <headrace/base/failpoint.hpp>

#include "catch.hpp"

#ifdef HEADRACE_FAILPOINTS

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

using namespace headrace::base;

namespace {

// How a child ends that passes the place `times` times: its signal, or 0.
int signal_of_child(const std::string& setting, int times) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!set_failpoints(setting)) ::_exit(2);
    for (int i = 0; i < times; ++i) HEADRACE_FAILPOINT("test.place");
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a failpoint fails at the pass that was asked for, and at no other") {
  REQUIRE(set_failpoints("test.place=fail@2"));
  CHECK_FALSE(HEADRACE_FAILS("test.place"));
  CHECK(HEADRACE_FAILS("test.place"));
  CHECK_FALSE(HEADRACE_FAILS("test.place"));
  CHECK_FALSE(HEADRACE_FAILS("test.elsewhere"));
  REQUIRE(set_failpoints("test.place=fail"));
  CHECK(HEADRACE_FAILS("test.place"));
  REQUIRE(set_failpoints(""));
  CHECK_FALSE(HEADRACE_FAILS("test.place"));
}

TEST_CASE("a failpoint kills at the pass that was asked for") {
  CHECK(signal_of_child("test.place=kill@3", 2) == 0);
  CHECK(signal_of_child("test.place=kill@3", 3) == SIGKILL);
  CHECK(signal_of_child("test.place=kill", 1) == SIGKILL);
  CHECK(signal_of_child("test.elsewhere=kill", 5) == 0);
}

TEST_CASE("a failpoint delays at every pass") {
  using Clock = std::chrono::steady_clock;
  REQUIRE(set_failpoints("test.place=delay:20"));
  const Clock::time_point begin = Clock::now();
  HEADRACE_FAILPOINT("test.place");
  CHECK_FALSE(HEADRACE_FAILS("test.place"));
  CHECK(Clock::now() - begin >= std::chrono::milliseconds(40));
  REQUIRE(set_failpoints(""));
}

TEST_CASE("malformed failpoints are refused and change nothing") {
  REQUIRE(set_failpoints("test.place=fail"));
  for (const char* text : {"x", "x=", "=kill", "x=explode", "x=kill@", "x=kill@0", "x=kill@1x",
                           "x=kill:3", "x=delay@3", "x=delay", "x=fail;y", ";"}) {
    INFO(text);
    CHECK_FALSE(set_failpoints(text));
  }
  CHECK(HEADRACE_FAILS("test.place"));
  CHECK(set_failpoints("a=kill@3;b=delay:250;"));
  CHECK(set_failpoints(""));
}

TEST_CASE("the places that were passed are known by name") {
  REQUIRE(set_failpoints("test.never=kill"));
  HEADRACE_FAILPOINT("test.b");
  HEADRACE_FAILPOINT("test.a");
  HEADRACE_FAILPOINT("test.b");
  CHECK(passed_failpoints() == std::vector<std::string>{"test.a", "test.b"});
  REQUIRE(set_failpoints(""));
  CHECK(passed_failpoints().empty());
}

#else

TEST_CASE("failpoints that are compiled out do nothing") {
  HEADRACE_FAILPOINT("test.place");
  CHECK_FALSE(HEADRACE_FAILS("test.place"));
}

#endif
