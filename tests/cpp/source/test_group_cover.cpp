// What a real group holds is checked by tests/integration (partitions that are added while a static
// member is away): the mock broker describes no groups.
#include <headrace/source/kafka/group_cover.hpp>

#include <thread>

#include <headrace/source/kafka/client.hpp>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;

namespace {

base::Result<source::GroupCover> cover_on(const source::ClientConfig& config) {
  source::ClientEvents events(config);
  const source::OwnSetting group[] = {{"group.id", "desk"}};
  const auto client =
      source::make_client(config, source::ClientRole::kConsumer, group, events).value_or_throw();
  source::GroupCoverRequest request(client.get(), "desk", 1s);
  for (;;) {
    if (auto answer = request.poll()) return *std::move(answer);
    std::this_thread::sleep_for(5ms);
  }
}

}  // namespace

TEST_CASE("a broker that describes no groups is a refusal, not to be asked again") {
  Cluster cluster;
  const auto start = Clock::now();
  const auto cover = cover_on(cluster.client());
  REQUIRE_FALSE(cover);
  CHECK_FALSE(cover.error().retriable);
  CHECK(cover.error().message.find("members of the group \"desk\"") != std::string::npos);
  CHECK(Clock::now() - start < 3s);
}

TEST_CASE("no broker is an error that may pass, in time") {
  source::ClientConfig config;
  config.bootstrap = "127.0.0.1:1";
  const auto start = Clock::now();
  const auto cover = cover_on(config);
  REQUIRE_FALSE(cover);
  CHECK(cover.error().retriable);
  CHECK(Clock::now() - start < 3s);
}
