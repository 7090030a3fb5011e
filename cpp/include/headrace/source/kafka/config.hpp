// How to reach a Kafka cluster, and which librdkafka settings a user may touch.
//
// Settings pass through by their librdkafka name, TLS and SASL among them, minus two groups that
// are refused by name: keys that load code, run commands or redirect credentials, and keys that
// headrace owns because a promise depends on them (positions live in our commit alone, so
// auto-commit is not a choice). A refused or misspelt key is named with its nearest neighbour; a
// secret is never echoed.
//
// Thread contract: plain values; functions are pure.
// Cost: at construction only.
//
//   ClientConfig client{.bootstrap = "localhost:9092", .extra = {{"client.id", "desk-7"}}};
//   if (base::Status ok = check(client); !ok) return ok.error();
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include <headrace/base/error.hpp>
#include <headrace/source/kafka/log.hpp>

namespace headrace::source {

struct ClientConfig {
  std::string bootstrap;                     // host:port[,host:port...]
  std::map<std::string, std::string> extra;  // librdkafka settings
  bool insecure = false;  // allows SASL without TLS (the password crosses the network readable)
  LogSink log;            // empty: librdkafka's lines are dropped (never stderr)
  int log_level = kLogWarning;  // lines up to this level; kLogDebug has librdkafka say much more

  // A user's setting; empty where it is not set.
  [[nodiscard]] std::string setting(const std::string& key) const {
    const auto found = extra.find(key);
    return found == extra.end() ? std::string() : found->second;
  }
};

enum class ClientRole { kConsumer, kProducer, kAdmin };

struct Setting {
  std::string_view key;
  std::string_view value;
};

// What every client of a role starts from; a user's `extra` may override it.
[[nodiscard]] std::span<const Setting> baseline(ClientRole role) noexcept;

// Why `key` may not be set by a user; empty where it may.
[[nodiscard]] std::string_view refusal(std::string_view key) noexcept;

// Is this a key whose value must never be shown?
[[nodiscard]] bool is_secret(std::string_view key) noexcept;

// Checks bootstrap and every key and value without connecting anywhere.
[[nodiscard]] base::Status check(const ClientConfig& client,
                                 ClientRole role = ClientRole::kConsumer);

}  // namespace headrace::source
