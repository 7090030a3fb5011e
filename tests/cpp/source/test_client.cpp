#include <headrace/source/kafka/client.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include "catch.hpp"

using namespace headrace;
using namespace std::chrono_literals;

namespace {

struct Events final : source::ClientEvents {
  using ClientEvents::ClientEvents;
  void on_error(rd_kafka_resp_err_t error, std::string_view reason) noexcept override {
    last = error;
    text = reason;
  }
  rd_kafka_resp_err_t last = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string text;
};

source::ClientConfig nobody() {
  source::ClientConfig config;
  config.bootstrap = "127.0.0.1:1";
  return config;
}

}  // namespace

TEST_CASE("errors and log lines of a client go to its own callbacks") {
  std::atomic<int> lines{0};
  auto config = nobody();
  config.log = [&](const source::LogLine& line) {
    if (line.message.find("127.0.0.1:1") != std::string::npos) ++lines;
  };
  config.log_level = source::kLogInfo;
  Events events(config);
  auto client = source::make_client(config, source::ClientRole::kAdmin, {}, events);
  REQUIRE(client);
  const auto end = std::chrono::steady_clock::now() + 10s;
  while ((events.text.empty() || lines == 0) && std::chrono::steady_clock::now() < end) {
    rd_kafka_poll(client->get(), 50);
  }
  CHECK_FALSE(events.text.empty());
  CHECK(lines > 0);
  CHECK(events.last_failure().find("Connection refused") != std::string::npos);
  client->reset();
}

TEST_CASE("own settings win over the user's and the baseline") {
  Events events{source::ClientConfig{}};
  const std::vector<source::OwnSetting> own{{"group.id", "g"}, {"enable.partition.eof", "true"}};
  auto client = source::make_client(nobody(), source::ClientRole::kConsumer, own, events);
  REQUIRE(client);
  char value[64];
  std::size_t size = sizeof value;
  REQUIRE(rd_kafka_conf_get(rd_kafka_conf(client->get()), "enable.partition.eof", value, &size) ==
          RD_KAFKA_CONF_OK);
  CHECK(std::string(value) == "true");
}

TEST_CASE("the log's level is librdkafka's, never less than what names a failed connection") {
  const auto level_and_debug = [](int level) {
    auto config = nobody();
    config.log_level = level;
    Events events(config);
    auto client = source::make_client(config, source::ClientRole::kAdmin, {}, events);
    REQUIRE(client);
    std::string found;
    for (const char* key : {"log_level", "debug"}) {
      char value[128] = "";
      std::size_t size = sizeof value;
      (void)rd_kafka_conf_get(rd_kafka_conf(client->get()), key, value, &size);
      found += std::string(value) + ';';
    }
    return found;
  };
  CHECK(level_and_debug(source::kLogError) == "6;;");
  CHECK(level_and_debug(source::kLogInfo) == "6;;");
  CHECK(level_and_debug(source::kLogDebug) == "7;generic,broker,topic,cgrp;");
}

TEST_CASE("settings that only librdkafka finds wrong together are an error, not a crash") {
  Events events{source::ClientConfig{}};
  auto config = nobody();
  config.extra = {{"receive.message.max.bytes", "1000000"}, {"fetch.max.bytes", "2000000"}};
  const std::vector<source::OwnSetting> own{{"group.id", "g"}};
  const auto client = source::make_client(config, source::ClientRole::kConsumer, own, events);
  REQUIRE_FALSE(client);
  CHECK(client.error().code == base::ErrorCode::kInvalidArgument);
}
