#include <headrace/sink/kafka/kafka_transactions.hpp>

#include <chrono>
#include <thread>

#include "catch.hpp"

using namespace headrace;

namespace {

sink::KafkaTransactionsConfig config() {
  return {.producer = {.client = {.bootstrap = "127.0.0.1:1"}, .transactional_id = "app-0"},
          .topics = {.topic = "signals"},
          .group = "app",
          .membership = {}};
}

}  // namespace

TEST_CASE("kafka transactions: settings are checked where they are given") {
  CHECK(sink::make_kafka_transactions(config()));
  for (const auto& change : std::initializer_list<void (*)(sink::KafkaTransactionsConfig&)>{
           [](auto& c) { c.topics.topic.clear(); }, [](auto& c) { c.topics.topic = "no/topic"; },
           [](auto& c) { c.group.clear(); },
           [](auto& c) { c.producer.transactional_id.clear(); }}) {
    sink::KafkaTransactionsConfig wrong = config();
    change(wrong);
    const auto refused = sink::make_kafka_transactions(std::move(wrong));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == base::ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("kafka transactions: a short transaction timeout shortens what a record may take") {
  sink::KafkaTransactionsConfig quick = config();
  quick.producer.client.extra["transaction.timeout.ms"] = "5000";
  CHECK(sink::make_kafka_transactions(std::move(quick)));
}

TEST_CASE("kafka transactions: who is in no group says so by its name alone") {
  const auto log = sink::make_kafka_transactions(config()).value_or_throw();
  CHECK(log->membership().value_or_throw() == log->membership().value_or_throw());
}

TEST_CASE("kafka transactions: a cancelled one waits for nothing") {
  const auto log = sink::make_kafka_transactions(config()).value_or_throw();
  log->cancel();
  CHECK(log->init().error().code == base::ErrorCode::kCancelled);
  CHECK(log->rest(std::chrono::hours{1}).error().code == base::ErrorCode::kCancelled);
}

TEST_CASE("kafka transactions: a call that waits for a broker is given up when it is cancelled") {
  // While one of its attempts goes on, and so that the attempt ends by itself soon after.
  for (const int after : {200, 260}) {
    INFO(after);
    const auto log = sink::make_kafka_transactions(config()).value_or_throw();
    std::thread canceller([&log, after] {
      std::this_thread::sleep_for(std::chrono::milliseconds{after});
      log->cancel();
    });
    const auto begin = std::chrono::steady_clock::now();
    CHECK(log->init().error().code == base::ErrorCode::kCancelled);  // there is no such broker
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{5});  // of ten
    canceller.join();
  }
}
