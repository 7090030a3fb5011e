#include <headrace/source/kafka/handles.hpp>

#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace std::chrono_literals;

TEST_CASE("librdkafka before 2.14.2, and 2.16.0, are refused") {
  const auto accepts = [](int version) {
    return source::check_librdkafka_version(version, "x").ok();
  };
  CHECK_FALSE(accepts(0x020002ff));
  CHECK_FALSE(accepts(0x020e01ff));
  CHECK(accepts(0x020e02ff));
  CHECK(accepts(0x020f01ff));
  CHECK_FALSE(accepts(0x021000ff));
  CHECK(accepts(0x021001ff));
  CHECK(accepts(0x030000ff));
  const auto status = source::check_librdkafka_version(0x021000ff, "2.16.0");
  CHECK(status.error().message.find("librdkafka 2.16.0 stands still") != std::string::npos);
  CHECK(source::check_librdkafka());
}

TEST_CASE("work is waited for until the deadline and goes on after it") {
  std::atomic<bool> done{false};
  CHECK(source::run_within([&] { done = true; }, 5s));
  CHECK(done);
  struct Late {
    std::atomic<bool> may_end{false};
    std::atomic<bool> ended{false};
  };
  const auto late = std::make_shared<Late>();
  CHECK_FALSE(source::run_within(
      [late] {
        late->may_end.wait(false);
        late->ended = true;
        late->ended.notify_one();
      },
      10ms));
  late->may_end = true;
  late->may_end.notify_one();
  late->ended.wait(false);
  CHECK(late->ended);
}

TEST_CASE("what runs within a deadline is given up earlier where that is asked for") {
  const auto begin = std::chrono::steady_clock::now();
  int asked = 0;
  CHECK_FALSE(source::run_within([] { std::this_thread::sleep_for(3s); }, 1min,
                                 [&asked] { return ++asked == 3; }));
  CHECK(std::chrono::steady_clock::now() - begin < 2s);
  CHECK(asked == 3);
  CHECK(source::run_within([] {}, 5s, [] { return false; }));
}

TEST_CASE("a forked child neither destroys nor uses the parent's clients") {
  test::Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 3);
  auto config = cluster.config({"bars"});
  auto source = source::make_kafka_source(config).value_or_throw();
  test::Log log;
  REQUIRE(test::poll_until(*source, log, [&] { return log.records.size() == 3; }));
  const pid_t child = fork();
  if (child == 0) {
    source.reset();  // would wait for ever for threads that are not there
    cluster.producer.reset();
    _exit(0);
  }
  int status = 0;
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) kill(child, SIGKILL);
    std::this_thread::sleep_for(10ms);
  }
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  cluster.fill("bars", 0, 2);  // the parent is as before
  CHECK(test::poll_until(*source, log, [&] { return log.records.size() == 5; }));
}
