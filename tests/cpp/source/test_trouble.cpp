#include <headrace/source/kafka/trouble.hpp>

#include "catch.hpp"

using namespace headrace;

namespace {

source::ClientConfig client() {
  source::ClientConfig config;
  config.bootstrap = "127.0.0.1:9";
  return config;
}

}  // namespace

TEST_CASE("the last cause is what an unanswered call is explained with") {
  source::TroubleEvents events(client());
  CHECK(events.unreachable().message == "cannot reach 127.0.0.1:9: no answer");
  events.on_error(RD_KAFKA_RESP_ERR__TRANSPORT,
                  "127.0.0.1:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused "
                  "(after 0ms in state CONNECT)");
  CHECK_FALSE(events.all_down());
  events.on_error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
  CHECK(events.all_down());
  CHECK(events.unreachable().message == "cannot reach 127.0.0.1:9: connection refused");
  events.answered();
  CHECK_FALSE(events.all_down());
  CHECK(events.unreachable().message == "cannot reach 127.0.0.1:9: no answer");
}

TEST_CASE("what waiting does not mend is kept apart") {
  source::TroubleEvents events(client());
  CHECK_FALSE(events.refused());
  events.on_error(RD_KAFKA_RESP_ERR__AUTHENTICATION,
                  "sasl_ssl://127.0.0.1:9/1: SASL authentication error: Invalid credentials "
                  "(after 3ms in state AUTH_REQ)");
  REQUIRE(events.refused());
  CHECK(events.refused()->code == base::ErrorCode::kAuthentication);
}
