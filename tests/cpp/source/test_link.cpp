#include <headrace/source/kafka/link.hpp>

#include "catch.hpp"

using namespace headrace;
using source::Connection;

namespace {

constexpr const char* kRefused =
    "127.0.0.1:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms)";
constexpr auto kTransport = RD_KAFKA_RESP_ERR__TRANSPORT;
constexpr auto kAllDown = RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;

source::ClientConfig client() {
  source::ClientConfig config;
  config.bootstrap = "127.0.0.1:9";
  return config;
}

}  // namespace

TEST_CASE("trouble before the first answer is told at once, and once") {
  source::Link link(client());
  const auto first = link.trouble(kTransport, kRefused, {});
  REQUIRE(first);
  CHECK(first->message == "cannot reach 127.0.0.1:9: connection refused; retrying");
  CHECK(first->code == base::ErrorCode::kBrokerUnavailable);
  CHECK(first->retriable);
  CHECK_FALSE(link.trouble(kTransport, kRefused, {}));
  CHECK_FALSE(link.trouble(kAllDown, "1/1 brokers are down", {}));
  CHECK(link.broken());
  CHECK(link.connection() == Connection::kConnecting);
}

TEST_CASE("each unanswered probe counts, with the last cause known") {
  source::Link link(client());
  CHECK(link.unanswered({}).message == "cannot reach 127.0.0.1:9: no answer; retrying (attempt 1)");
  (void)link.trouble(kTransport, kRefused, {});
  CHECK(link.unanswered({}).message ==
        "cannot reach 127.0.0.1:9: connection refused; retrying (attempt 2)");
  // What says less does not replace what says more.
  (void)link.trouble(kAllDown, "1/1 brokers are down", "127.0.0.1:9/1: Disconnected (after 0ms)");
  CHECK(link.unanswered({}).message ==
        "cannot reach 127.0.0.1:9: connection refused; retrying (attempt 3)");
}

TEST_CASE("a cause that was only logged is said where there is no other") {
  source::Link link(client());
  const auto told = link.trouble(kAllDown, "1/1 brokers are down",
                                 "127.0.0.1:9/bootstrap: Disconnected: connection closed by peer "
                                 "(after 6ms in state APIVERSION_QUERY)");
  REQUIRE(told);
  CHECK(told->message.starts_with(
      R"(127.0.0.1:9 expects TLS: set config={"security.protocol": "ssl"})"));
}

TEST_CASE("credentials that were never taken end the stream, later they may be taken again") {
  const char* refused =
      "sasl_ssl://127.0.0.1:9/1: SASL authentication error: Authentication failed: Invalid "
      "username or password (after 3ms in state AUTH_REQ)";
  source::Link link(client());
  const auto fatal = link.trouble(RD_KAFKA_RESP_ERR__AUTHENTICATION, refused, {});
  REQUIRE(fatal);
  CHECK(fatal->code == base::ErrorCode::kAuthentication);
  CHECK_FALSE(fatal->retriable);
  source::Link known(client());
  (void)known.healed();
  CHECK_FALSE(known.trouble(RD_KAFKA_RESP_ERR__AUTHENTICATION, refused, {}));
  CHECK(known.unanswered({}).retriable);
}

TEST_CASE("after an answer a closed connection is no outage until a probe or all brokers say so") {
  source::Link link(client());
  CHECK_FALSE(link.healed());
  CHECK(link.ever_answered());
  CHECK(link.connection() == Connection::kConnected);
  CHECK_FALSE(link.trouble(kTransport, "127.0.0.1:9/1: Disconnected", {}));
  CHECK_FALSE(link.broken());
  CHECK(link.trouble(kAllDown, "1/1 brokers are down", {}));
  CHECK(link.connection() == Connection::kLost);
  CHECK(link.healed());
  CHECK_FALSE(link.healed());
  CHECK(link.connection() == Connection::kConnected);
}

TEST_CASE("other trouble is to be healed, and does not mean that nobody answers") {
  source::Link link(client());
  (void)link.healed();
  link.set_broken();
  CHECK(link.broken());
  CHECK_FALSE(link.out());
  CHECK(link.healed());
}
