#include <headrace/source/kafka/client.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <vector>

#include <headrace/base/nearest.hpp>
#include <headrace/source/kafka/errors.hpp>

namespace headrace::source {

namespace {

// Every property that librdkafka knows, for "did you mean": from its printed table, since a dump of
// the settings leaves out those without a default, passwords among them.
std::vector<std::string> known_keys() {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* file = open_memstream(&text, &size);
  if (file == nullptr) return {};
  rd_kafka_conf_properties_show(file);
  static_cast<void>(std::fclose(file));
  const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
  std::istringstream table(std::string(text, size));
  std::vector<std::string> keys;
  for (std::string line; std::getline(table, line);) {
    // "bootstrap.servers    |  *  | ..."; the header's lines begin otherwise.
    const std::string key = line.substr(0, line.find(' '));
    const bool row = !key.empty() && key[0] >= 'a' && key[0] <= 'z';
    if (row && line.find(" | ") != std::string::npos) keys.push_back(key);
  }
  return keys;
}

base::Error unknown_key(const std::string& key) {
  std::string message = "no librdkafka setting \"" + escape_controls(key) + '"';
  if (const auto near = base::nearest(key, known_keys())) {
    message += "; did you mean \"" + *near + "\"?";
  }
  return base::invalid_argument(std::move(message));
}

base::Status set(rd_kafka_conf_t& conf, const std::string& key, const std::string& value) {
  char text[512];
  switch (rd_kafka_conf_set(&conf, key.c_str(), value.c_str(), text, sizeof text)) {
    case RD_KAFKA_CONF_OK:
      return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return unknown_key(key);
    default:
      break;
  }
  if (is_secret(key)) {
    return base::invalid_argument("setting \"" + key + "\" was not accepted (value not shown)");
  }
  return base::invalid_argument("setting \"" + key + "\": " + escape_controls(text));
}

base::Status set_user_keys(rd_kafka_conf_t& conf, const ClientConfig& client) {
  for (const auto& [key, value] : client.extra) {
    if (const std::string_view why = refusal(key); !why.empty()) {
      return base::invalid_argument("setting \"" + key + "\" cannot be set: " + std::string(why));
    }
    if (base::Status ok = set(conf, key, value); !ok) return ok;
  }
  const auto protocol = client.extra.find("security.protocol");
  if (protocol != client.extra.end() && !client.insecure) {
    std::string lower = protocol->second;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (lower == "sasl_plaintext") {
      return base::invalid_argument(
          "security.protocol=sasl_plaintext sends the password readable over the network; use "
          "sasl_ssl, or say insecure=True");
    }
  }
  return {};
}

base::Status fill(rd_kafka_conf_t& conf, const ClientConfig& client, ClientRole role,
                  std::span<const OwnSetting> own) {
  if (client.bootstrap.find_first_not_of(" \t,") == std::string::npos) {
    return base::invalid_argument("bootstrap is empty; expected host:port[,host:port...]");
  }
  for (const Setting& s : baseline(role)) {
    if (base::Status ok = set(conf, std::string(s.key), std::string(s.value)); !ok) return ok;
  }
  if (base::Status ok = set_user_keys(conf, client); !ok) return ok;
  // Failed connections are logged as information, and we want to know of them in any case.
  const int level = std::max(client.log_level, kLogInfo);
  if (base::Status ok = set(conf, "log_level", std::to_string(level)); !ok) return ok;
  if (level >= kLogDebug) {
    // None of these prints what records or credentials hold.
    if (base::Status ok = set(conf, "debug", "generic,broker,topic,cgrp"); !ok) return ok;
  }
  for (const auto& [key, value] : own) {
    if (base::Status ok = set(conf, key, value); !ok) return ok;
  }
  return set(conf, "bootstrap.servers", client.bootstrap);
}

ClientEvents& events_of(void* opaque) noexcept { return *static_cast<ClientEvents*>(opaque); }

void log_line(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  // Null while rd_kafka_new is still at work: what it has to say then is in its error.
  void* opaque = client == nullptr ? nullptr : rd_kafka_opaque(client);
  if (opaque != nullptr) events_of(opaque).on_log(level, facility, text);
}

void set_callbacks(rd_kafka_conf_t& conf, ClientRole role, ClientEvents& events) {
  rd_kafka_conf_set_opaque(&conf, &events);
  rd_kafka_conf_set_log_cb(&conf, log_line);
  rd_kafka_conf_set_error_cb(&conf, [](rd_kafka_t*, int error, const char* reason, void* opaque) {
    events_of(opaque).on_error(static_cast<rd_kafka_resp_err_t>(error), reason);
  });
  if (role == ClientRole::kConsumer) {
    rd_kafka_conf_set_rebalance_cb(
        &conf, [](rd_kafka_t* rk, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* list,
                  void* opaque) { events_of(opaque).on_rebalance(rk, error, list); });
  }
  if (role == ClientRole::kProducer) {
    rd_kafka_conf_set_dr_msg_cb(&conf,
                                [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
                                  events_of(opaque).on_delivery(*message);
                                });
  }
}

}  // namespace

base::Status check(const ClientConfig& client, ClientRole role) {
  if (base::Status ok = check_librdkafka(); !ok) return ok;
  const ConfHandle conf(rd_kafka_conf_new());
  return fill(*conf, client, role, {});
}

void ClientEvents::on_log(int level, std::string_view facility, std::string_view message) noexcept {
  if (facility == "FAIL") {
    const std::lock_guard lock(mutex_);
    last_failure_ = without_thread(message);
  }
  log_.line(level, facility, message);
}

std::string ClientEvents::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

void ClientEvents::on_error(rd_kafka_resp_err_t /*error*/, std::string_view /*reason*/) noexcept {}
void ClientEvents::on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t /*error*/,
                                rd_kafka_topic_partition_list_t* /*partitions*/) noexcept {
  rd_kafka_assign(client, nullptr);
}
void ClientEvents::on_delivery(const rd_kafka_message_t& /*message*/) noexcept {}

base::Result<ClientHandle> make_client(const ClientConfig& client, ClientRole role,
                                       std::span<const OwnSetting> own, ClientEvents& events) {
  if (base::Status ok = check_librdkafka(); !ok) return ok.error();
  ConfHandle conf(rd_kafka_conf_new());
  if (base::Status ok = fill(*conf, client, role, own); !ok) return ok.error();
  set_callbacks(*conf, role, events);
  char text[512];
  const auto type = role == ClientRole::kConsumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
  rd_kafka_t* handle = rd_kafka_new(type, conf.get(), text, sizeof text);
  if (handle == nullptr) {
    return base::invalid_argument("librdkafka refuses its settings: " + escape_controls(text));
  }
  static_cast<void>(conf.release());  // the client owns its configuration now
  return ClientHandle(handle);
}

}  // namespace headrace::source
