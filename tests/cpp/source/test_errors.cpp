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

namespace {

source::ClientConfig alice() {
  source::ClientConfig client;
  client.bootstrap = "10.1.2.3:9093";
  client.extra = {{"security.protocol", "sasl_ssl"},
                  {"sasl.mechanism", "PLAIN"},
                  {"sasl.username", "alice"},
                  {"sasl.password", "hunter2"}};
  return client;
}

base::Error trouble(rd_kafka_resp_err_t error, const char* reason,
                    const source::ClientConfig& client) {
  base::Error told = source::connection_error(error, reason, client);
  CHECK(told.message.find("hunter2") == std::string::npos);
  CHECK(told.message.find('\n') == std::string::npos);
  return told;
}

}  // namespace

TEST_CASE("refused credentials name user, mechanism and setting, never the password") {
  const auto code = RD_KAFKA_RESP_ERR__AUTHENTICATION;
  const base::Error wrong =
      trouble(code,
              "sasl_ssl://10.1.2.3:9093/bootstrap: SASL authentication error: Authentication "
              "failed: Invalid username or password (after 310ms in state AUTH_REQ)",
              alice());
  CHECK(wrong.message ==
        R"(10.1.2.3:9093 refused user "alice" (SASL PLAIN): invalid username or password: )"
        R"(set config={"sasl.username": ..., "sasl.password": ...})");
  CHECK(wrong.code == ErrorCode::kAuthentication);
  CHECK_FALSE(wrong.retriable);
  const base::Error mechanism =
      trouble(code,
              "sasl_ssl://10.1.2.3:9093/bootstrap: SASL PLAIN mechanism handshake failed: Broker: "
              "Unsupported SASL mechanism: broker's supported mechanisms: SCRAM-SHA-256 (after 1ms "
              "in state AUTH_HANDSHAKE)",
              alice());
  CHECK(mechanism.message ==
        R"(10.1.2.3:9093 refused user "alice" (SASL PLAIN): it takes SCRAM-SHA-256: )"
        R"(set config={"sasl.mechanism": ...})");
}

TEST_CASE("TLS on one side only is named, with what to set") {
  source::ClientConfig plain;
  plain.bootstrap = "127.0.0.1:9093";
  const auto code = RD_KAFKA_RESP_ERR__TRANSPORT;
  // The first bytes of a TLS alert, read as a length.
  const base::Error alert =
      trouble(code,
              "127.0.0.1:9093/bootstrap: Receive failed: Invalid response size 352518656 "
              "(0..100000000): increase receive.message.max.bytes (after 3ms in state UP)",
              plain);
  CHECK(alert.message == R"(127.0.0.1:9093 expects TLS: set config={"security.protocol": "ssl"})");
  CHECK(alert.retriable);
  const base::Error http =
      trouble(code,
              "127.0.0.1:9093/bootstrap: Receive failed: Invalid response size 1213486160 "
              "(0..100000000): increase receive.message.max.bytes (after 3ms in state UP)",
              plain);
  CHECK(http.message == "127.0.0.1:9093 is no Kafka broker: it answers in another protocol");
  source::ClientConfig tls = plain;
  tls.extra = {{"security.protocol", "ssl"}};
  const base::Error deaf =
      trouble(code,
              "ssl://127.0.0.1:9093/bootstrap: SSL handshake failed: Disconnected: SSL connection "
              "closed by peer: connecting to a PLAINTEXT broker listener? (after 5ms in state "
              "SSL_HANDSHAKE)",
              tls);
  CHECK(deaf.message ==
        R"(127.0.0.1:9093 does not speak TLS: set config={"security.protocol": "plaintext"})");
  CHECK_FALSE(deaf.retriable);
  const base::Error unknown =
      trouble(RD_KAFKA_RESP_ERR__SSL,
              "ssl://127.0.0.1:9093/bootstrap: SSL handshake failed: error:0A000086:SSL "
              "routines::certificate verify failed: broker certificate could not be verified "
              "(after 2ms in state SSL_HANDSHAKE)",
              tls);
  CHECK(unknown.message.starts_with("the certificate of 127.0.0.1:9093 is not trusted: "));
  CHECK(unknown.message.find("ssl.ca.location") != std::string::npos);
  CHECK(unknown.message.find("error:0A") == std::string::npos);
}

TEST_CASE("a missing right is named with topic or group, address and user") {
  const base::Error topic = source::not_allowed(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                                "read", "topic", "ohlcv", "READ", alice());
  CHECK(topic.message ==
        "not allowed to read topic \"ohlcv\" on 10.1.2.3:9093: user \"alice\" lacks the right "
        "READ on topic \"ohlcv\"");
  CHECK(topic.code == ErrorCode::kAuthorization);
  const base::Error group =
      source::group_error(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "desk", {});
  CHECK(group.message.find("lacks the right READ on group \"desk\"") != std::string::npos);
}

TEST_CASE("trouble of a group is said in words") {
  const auto text = [](rd_kafka_resp_err_t error) {
    const base::Error told = source::group_error(error, "desk", {});
    CHECK(told.native_code == static_cast<int>(error));
    return told.message;
  };
  CHECK(text(RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE) ==
        "group \"desk\": no broker coordinates it now; retrying");
  CHECK(text(RD_KAFKA_RESP_ERR__TIMED_OUT) == "group \"desk\": its coordinator does not answer");
  CHECK(text(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION) ==
        "group \"desk\": it is sharing out its partitions anew; joining again");
  CHECK(source::is_group_trouble(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID));
  CHECK_FALSE(source::is_group_trouble(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
}
