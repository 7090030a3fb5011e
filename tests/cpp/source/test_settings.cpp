#include <headrace/source/kafka/settings.hpp>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("names of topics") {
  CHECK(source::is_topic_name("ohlcv"));
  CHECK(source::is_topic_name("a.b_c-D9"));
  CHECK(source::is_topic_name(std::string(249, 'x')));
  CHECK_FALSE(source::is_topic_name(std::string(250, 'x')));
  for (const char* bad : {"", ".", "..", "a b", "a/b", "^a", "gr\xc3\xbc"}) {
    CHECK_FALSE(source::is_topic_name(bad));
  }
}

TEST_CASE("a pattern matches whole names") { CHECK(source::whole_name("a|b") == "^(a|b)$"); }

TEST_CASE("a pattern that is no regular expression is refused, with the reason") {
  source::KafkaSourceConfig config;
  config.client.bootstrap = "127.0.0.1:1";
  config.pattern = "bars[";
  const base::Status status = source::check(config);
  REQUIRE_FALSE(status);
  CHECK(status.error().message.starts_with("pattern bars[: "));
  config.pattern = "bars[0-9]+";
  CHECK(source::check(config));
}
