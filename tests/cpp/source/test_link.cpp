#include <headrace/source/kafka/link.hpp>

#include "catch.hpp"

using namespace headrace;

namespace {
constexpr const char* kRefused =
    "127.0.0.1:9/bootstrap: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms)";
}

TEST_CASE("trouble before the first answer is told at once, and once") {
  source::Link link("127.0.0.1:9");
  const auto first = link.trouble(kRefused, false);
  REQUIRE(first);
  CHECK(first->message == "cannot reach 127.0.0.1:9: connection refused; retrying");
  CHECK(first->code == base::ErrorCode::kBrokerUnavailable);
  CHECK(first->retriable);
  CHECK_FALSE(link.trouble(kRefused, false));
  CHECK_FALSE(link.trouble("1/1 brokers are down", true));
  CHECK(link.broken());
}

TEST_CASE("each unanswered probe counts, with the last cause known") {
  source::Link link("127.0.0.1:9");
  CHECK(link.unanswered().message == "cannot reach 127.0.0.1:9: no answer; retrying (attempt 1)");
  (void)link.trouble(kRefused, false);
  CHECK(link.unanswered().message ==
        "cannot reach 127.0.0.1:9: connection refused; retrying (attempt 2)");
  // What says less does not replace what says more.
  (void)link.trouble("1/1 brokers are down", true);
  CHECK(link.unanswered().message ==
        "cannot reach 127.0.0.1:9: connection refused; retrying (attempt 3)");
}

TEST_CASE("after an answer a closed connection is no outage until a probe or all brokers say so") {
  source::Link link("127.0.0.1:9");
  CHECK_FALSE(link.healed());
  CHECK(link.ever_answered());
  CHECK_FALSE(link.trouble("127.0.0.1:9/1: Disconnected", false));
  CHECK_FALSE(link.broken());
  CHECK(link.trouble("1/1 brokers are down", true));
  CHECK(link.healed());
  CHECK_FALSE(link.healed());
}
