#include <headrace/source/kafka/consumer.hpp>

#include <thread>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;

namespace {

struct Listener final : source::ConsumerListener {
  void on_client_error(rd_kafka_resp_err_t, std::string_view) override {}
  void on_assign(std::vector<source::TopicPartition>) override {}
  void on_revoke(std::vector<source::TopicPartition>) override {}
};

struct Fixture {
  Fixture() {
    cluster.topic("bars", 1);
    cluster.fill("bars", 0, 20);
    consumer =
        source::Consumer::create(
            cluster.config({"bars"}), {},
            std::make_shared<source::TopicTable>(std::vector<std::string>{"bars"}), &listener)
            .value_or_throw();
  }
  ~Fixture() {
    consumer->set_listener(nullptr);
    consumer->shutdown();
  }
  // Offsets of the next messages, at least one.
  std::vector<std::int64_t> take(std::size_t at_most) {
    std::vector<rd_kafka_message_t*> messages(at_most);
    std::vector<std::int64_t> offsets;
    const auto end = Clock::now() + 10s;
    while (offsets.empty() && Clock::now() < end) {
      const std::size_t n = consumer->take(messages, 50ms);
      for (std::size_t i = 0; i < n; ++i) {
        if (messages[i]->err == 0) offsets.push_back(messages[i]->offset);
        rd_kafka_message_destroy(messages[i]);
      }
    }
    return offsets;
  }
  Cluster cluster;
  Listener listener;
  std::shared_ptr<source::Consumer> consumer;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what is assigned is delivered, from there on") {
  REQUIRE(consumer->assign({{.topic = "bars", .partition = 0, .offset = 15}}));
  std::vector<std::int64_t> got;
  while (got.size() < 5) {
    const auto more = take(100);
    REQUIRE_FALSE(more.empty());
    got.insert(got.end(), more.begin(), more.end());
  }
  CHECK(got == range(15, 20));
  CHECK(consumer->watermarks("bars", 0).high == 20);
  CHECK(consumer->watermarks("elsewhere", 0).high == -1);

  SECTION("again from elsewhere") {
    REQUIRE(consumer->assign_again({.topic = "bars", .partition = 0, .offset = 3}, {}));
    CHECK(take(1) == range(3, 4));
  }
  SECTION("after a seek") {
    consumer->seek({.topic = "bars", .partition = 0, .offset = 18});
    CHECK(take(1) == range(18, 19));
  }
  SECTION("given back") {
    REQUIRE(consumer->unassign({{.topic = "bars", .partition = 0, .offset = 20}}));
    cluster.fill("bars", 0, 5);
    std::vector<rd_kafka_message_t*> messages(10);
    CHECK(consumer->take(messages, 300ms) == 0);
  }
}

TEST_CASE_METHOD(Fixture, "wake ends take and idle") {
  std::vector<rd_kafka_message_t*> messages(10);
  const auto start = Clock::now();
  std::thread waker([&] { consumer->wake(); });
  while (!consumer->take_wake()) (void)consumer->take(messages, 5s);
  waker.join();
  consumer->wake();
  consumer->idle(5s);
  CHECK(consumer->take_wake());
  CHECK_FALSE(consumer->take_wake());
  CHECK(Clock::now() - start < 4s);
}

TEST_CASE_METHOD(Fixture, "without a group there is nothing to commit") {
  CHECK(consumer->commit({{.topic = "bars", .partition = 0, .offset = 3}}, 1s));
}
