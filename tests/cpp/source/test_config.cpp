#include <headrace/source/kafka/config.hpp>

#include <set>

#include "catch.hpp"

using namespace headrace;
using source::ClientConfig;
using source::ClientRole;

namespace {

base::Status check(std::map<std::string, std::string> extra, bool insecure = false) {
  ClientConfig config;
  config.bootstrap = "127.0.0.1:1";
  config.extra = std::move(extra);
  config.insecure = insecure;
  return source::check(config);
}

}  // namespace

TEST_CASE("ordinary settings pass") {
  CHECK(check({}));
  CHECK(check({{"client.id", "desk"}, {"session.timeout.ms", "10000"}}));
  CHECK(check({{"security.protocol", "SASL_SSL"},
               {"sasl.mechanism", "SCRAM-SHA-512"},
               {"sasl.username", "u"},
               {"sasl.password", "p"}}));
  CHECK(check({{"isolation.level", "read_uncommitted"}, {"check.crcs", "false"}}));
}

TEST_CASE("keys that load code, run commands, redirect or are ours are refused by name") {
  for (const char* key :
       {"plugin.library.paths", "ssl.engine.location", "ssl.providers", "sasl.kerberos.kinit.cmd",
        "sasl.oauthbearer.token.endpoint.url", "enable.sasl.oauthbearer.unsecure.jwt", "debug",
        "enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset", "group.id",
        "bootstrap.servers", "metadata.broker.list", "allow.auto.create.topics",
        "enable.idempotence", "acks", "transactional.id", "log_cb", "opaque"}) {
    const base::Status status = check({{key, "canary-value"}});
    REQUIRE_FALSE(status);
    CHECK(status.error().code == base::ErrorCode::kInvalidArgument);
    CHECK(status.error().message.find(key) != std::string::npos);
    CHECK(status.error().message.find("canary-value") == std::string::npos);
  }
  CHECK(source::refusal("client.id").empty());
}

TEST_CASE("a misspelt key is answered with the nearest one") {
  const base::Status status = check({{"fetch.max.byts", "1"}});
  REQUIRE_FALSE(status);
  CHECK(status.error().message ==
        "no librdkafka setting \"fetch.max.byts\"; did you mean \"fetch.max.bytes\"?");
  // A setting without a default, too.
  CHECK(check({{"sasl.pasword", "canary"}}).error().message ==
        "no librdkafka setting \"sasl.pasword\"; did you mean \"sasl.password\"?");
}

TEST_CASE("a bad value is shown, unless it is a secret") {
  const base::Status open = check({{"session.timeout.ms", "soon"}});
  REQUIRE_FALSE(open);
  CHECK(open.error().message.starts_with("setting \"session.timeout.ms\": Invalid value"));
  const base::Status secret = check({{"ssl.key.pem", "canary"}});
  if (!secret) CHECK(secret.error().message.find("canary") == std::string::npos);
  for (const char* key : {"sasl.password", "ssl.key.password", "ssl.key.pem",
                          "sasl.oauthbearer.client.secret", "ssl.keystore.password"}) {
    CHECK(source::is_secret(key));
  }
  CHECK_FALSE(source::is_secret("client.id"));
}

TEST_CASE("a password over a readable connection needs a word from the user") {
  const std::map<std::string, std::string> plain{{"security.protocol", "Sasl_Plaintext"},
                                                 {"sasl.mechanism", "PLAIN"}};
  const base::Status refused = check(plain);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("insecure=True") != std::string::npos);
  CHECK(check(plain, true));
}

TEST_CASE("an empty bootstrap is refused") {
  for (const char* bootstrap : {"", " ", " , "}) {
    ClientConfig config;
    config.bootstrap = bootstrap;
    CHECK_FALSE(source::check(config));
  }
}

TEST_CASE("every baseline is accepted by librdkafka, and no key comes twice") {
  for (const ClientRole role : {ClientRole::kConsumer, ClientRole::kProducer, ClientRole::kAdmin}) {
    ClientConfig config;
    config.bootstrap = "127.0.0.1:1";
    CHECK(source::check(config, role));
    std::set<std::string_view> keys;
    for (const auto& setting : source::baseline(role)) CHECK(keys.insert(setting.key).second);
  }
}

TEST_CASE("the promises of the consumer's baseline") {
  std::map<std::string_view, std::string_view> values;
  for (const auto& s : source::baseline(ClientRole::kConsumer)) values[s.key] = s.value;
  CHECK(values["isolation.level"] == "read_committed");
  CHECK(values["enable.auto.commit"] == "false");
  CHECK(values["enable.auto.offset.store"] == "false");
  CHECK(values["auto.offset.reset"] == "error");
  CHECK(values["check.crcs"] == "true");
  CHECK(values["allow.auto.create.topics"] == "false");
  CHECK(values["fetch.queue.backoff.ms"] == "1");
}
