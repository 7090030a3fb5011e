#include <headrace/source/kafka/errors.hpp>

#include "catch.hpp"

using namespace headrace;
using base::ErrorCode;

TEST_CASE("librdkafka's codes become ours") {
  CHECK(source::code_of(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) == ErrorCode::kTopicNotFound);
  CHECK(source::code_of(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) == ErrorCode::kBrokerUnavailable);
  CHECK(source::code_of(RD_KAFKA_RESP_ERR__TIMED_OUT) == ErrorCode::kBrokerUnavailable);
  CHECK(source::code_of(RD_KAFKA_RESP_ERR__AUTHENTICATION) == ErrorCode::kAuthentication);
  CHECK(source::code_of(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) == ErrorCode::kAuthorization);
  CHECK(source::code_of(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) == ErrorCode::kOffsetOutOfRange);
  CHECK(source::code_of(RD_KAFKA_RESP_ERR_UNKNOWN) == ErrorCode::kKafka);
}

TEST_CASE("an error carries what was done, why it failed, the number, and whether to try again") {
  const base::Error error = source::kafka_error(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, "commit");
  CHECK(error.message == "commit: Broker: Group rebalance in progress");
  CHECK(error.native_code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
  CHECK(error.retriable);
  CHECK_FALSE(source::kafka_error(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "x").retriable);
  CHECK(source::kafka_error_text(RD_KAFKA_RESP_ERR_UNKNOWN, "a\nb").message == "a\\x0ab");
}

TEST_CASE("poison is what concerns one record, not the connection") {
  CHECK(source::is_poison(RD_KAFKA_RESP_ERR__BAD_COMPRESSION));
  CHECK(source::is_poison(RD_KAFKA_RESP_ERR__BAD_MSG));
  CHECK_FALSE(source::is_poison(RD_KAFKA_RESP_ERR__TRANSPORT));
  CHECK_FALSE(source::is_poison(RD_KAFKA_RESP_ERR__PARTITION_EOF));
}

TEST_CASE("a reason becomes one line with address and cause") {
  const auto line = [](const char* reason) { return source::reach_failure(reason, "boot:9092"); };
  CHECK(line("127.0.0.1:19999/bootstrap: Connect to ipv4#127.0.0.1:19999 failed: Connection "
             "refused (after 0ms in state CONNECT, 1 identical error(s) suppressed)") ==
        "cannot reach 127.0.0.1:19999: connection refused");
  CHECK(line("sasl_ssl://10.1.2.3:9093/7: SASL authentication error: Invalid credentials "
             "(after 310ms in state AUTH_REQ)") ==
        "cannot reach 10.1.2.3:9093: SASL authentication error: Invalid credentials");
  CHECK(line("nohost:9092/bootstrap: Failed to resolve 'nohost:9092': Name or service not known "
             "(after 12ms in state CONNECT)") ==
        "cannot reach nohost:9092: name or service not known");
  CHECK(line("GroupCoordinator: 127.0.0.1:9092: Disconnected (after 1ms in state UP)") ==
        "cannot reach 127.0.0.1:9092: the connection was closed");
  CHECK(line("1/1 brokers are down") == "cannot reach boot:9092: 1/1 brokers are down");
}
