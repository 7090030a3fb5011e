#include <headrace/source/kafka/errors.hpp>

#include <cctype>
#include <cstdlib>

#include <headrace/source/kafka/log.hpp>

namespace headrace::source {

using base::ErrorCode;

ErrorCode code_of(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return ErrorCode::kTopicNotFound;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
      return ErrorCode::kBrokerUnavailable;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
      return ErrorCode::kAuthentication;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return ErrorCode::kAuthorization;
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return ErrorCode::kOffsetOutOfRange;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return ErrorCode::kInvalidArgument;
    default:
      return ErrorCode::kKafka;
  }
}

bool is_retriable(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
      return true;
    default:
      return is_connection_trouble(error);
  }
}

bool is_connection_trouble(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
         error == RD_KAFKA_RESP_ERR__RESOLVE || error == RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
}

bool is_fenced(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR__FENCED || error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

bool is_poison(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR__BAD_COMPRESSION || error == RD_KAFKA_RESP_ERR__BAD_MSG ||
         error == RD_KAFKA_RESP_ERR_INVALID_MSG || error == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
         error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
         error == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

base::Error kafka_error(rd_kafka_resp_err_t error, std::string_view what) {
  return kafka_error_text(error, std::string(what) + ": " + rd_kafka_err2str(error));
}

base::Error kafka_error_text(rd_kafka_resp_err_t error, std::string message) {
  return {.code = code_of(error),
          .message = escape_controls(message),
          .retriable = is_retriable(error),
          .native_code = static_cast<int>(error)};
}

base::Error kafka_error(const rd_kafka_error_t& error, std::string_view what) {
  return kafka_error_text(rd_kafka_error_code(&error),
                          std::string(what) + ": " + rd_kafka_error_string(&error));
}

namespace {

// "sasl_ssl://10.0.0.1:9092/1" to "10.0.0.1:9092"; empty where it is no address.
std::string_view address_of(std::string_view broker) {
  if (const std::size_t scheme = broker.find("://"); scheme != std::string_view::npos) {
    broker.remove_prefix(scheme + 3);
  }
  broker = broker.substr(0, broker.find('/'));
  return broker.find(':') == std::string_view::npos ? std::string_view{} : broker;
}

// Who says something, and what: "127.0.0.1:9092/bootstrap: Disconnected" and the like.
struct Reason {
  std::string_view address;
  std::string_view text;
};

Reason parse_reason(std::string_view reason, std::string_view bootstrap) {
  Reason parsed{.address = bootstrap, .text = reason};
  const std::size_t colon = reason.find(": ");
  if (colon == std::string_view::npos) return parsed;
  parsed.text = reason.substr(colon + 2);
  if (const std::string_view named = address_of(reason.substr(0, colon)); !named.empty()) {
    parsed.address = named;
  } else if (const std::size_t next = parsed.text.find(": "); next != std::string_view::npos) {
    // "GroupCoordinator: 127.0.0.1:9092: Disconnected"
    if (const std::string_view inner = address_of(parsed.text.substr(0, next)); !inner.empty()) {
      parsed.address = inner;
      parsed.text = parsed.text.substr(next + 2);
    }
  }
  return parsed;
}

// What is left of a reason once librdkafka's own circumstances are taken away.
std::string cause_of(std::string_view text) {
  text = text.substr(0, text.find(" (after "));
  for (const std::string_view lead : {"failed: ", "': "}) {
    if (const std::size_t at = text.find(lead); at != std::string_view::npos) {
      text.remove_prefix(at + lead.size());
    }
  }
  std::string cause(text);
  const auto upper = [&](std::size_t i) {
    return i < cause.size() && std::isupper(static_cast<unsigned char>(cause[i])) != 0;
  };
  if (upper(0) && !upper(1)) cause[0] = static_cast<char>(cause[0] - 'A' + 'a');
  return cause.starts_with("disconnected") ? "the connection was closed" : cause;
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Bytes that are no answer of a broker were read as its length: of TLS (an alert) and of HTTP.
bool is_tls_alert(std::string_view text) {
  constexpr std::string_view kLead = "Invalid response size ";
  const std::size_t at = text.find(kLead);
  if (at == std::string_view::npos) return false;
  const long size = std::strtol(std::string(text.substr(at + kLead.size())).c_str(), nullptr, 10);
  return size >> 16 == 0x1503;  // an alert of TLS 1.x
}

std::string user_of(const ClientConfig& client) {
  const std::string name = client.setting("sasl.username");
  return name.empty() ? "this client (no sasl.username is set)"
                      : "user \"" + escape_controls(name) + '"';
}

std::string refused_user(std::string_view address, std::string_view text,
                         const ClientConfig& client) {
  std::string mechanism = client.setting("sasl.mechanism");
  if (mechanism.empty()) mechanism = client.setting("sasl.mechanisms");
  std::string line = std::string(address) + " refused " + user_of(client) +
                     (mechanism.empty() ? "" : " (SASL " + escape_controls(mechanism) + ')');
  text = text.substr(0, text.find(" (after "));
  if (has(text, "mechanism handshake failed")) {
    const std::size_t list = text.find("supported mechanisms: ");
    std::string names(list == std::string_view::npos ? "" : text.substr(list + 22));
    while (names.ends_with(' ')) names.pop_back();
    return line + (names.empty()
                       ? ": it takes no SASL: set config={\"security.protocol\": "
                         "\"plaintext\"} or \"ssl\""
                       : ": it takes " + names + ": set config={\"sasl.mechanism\": ...}");
  }
  const std::size_t lead = text.rfind(": ");
  return line + ": " + cause_of(lead == std::string_view::npos ? text : text.substr(lead + 2)) +
         R"(: set config={"sasl.username": ..., "sasl.password": ...})";
}

base::Error settled(base::ErrorCode code, rd_kafka_resp_err_t error, std::string_view message) {
  return {.code = code,
          .message = escape_controls(message),
          .retriable = false,
          .native_code = static_cast<int>(error)};
}

}  // namespace

base::Error connection_error(rd_kafka_resp_err_t error, std::string_view reason,
                             const ClientConfig& client) {
  const auto [address, text] = parse_reason(reason, client.bootstrap);
  const std::string at(address);
  if (has(text, "connecting to a PLAINTEXT") || has(text, "wrong version number")) {
    return settled(ErrorCode::kBrokerUnavailable, error,
                   at + R"( does not speak TLS: set config={"security.protocol": "plaintext"})" +
                       (client.setting("sasl.mechanism").empty() ? "" : " or \"sasl_plaintext\""));
  }
  if (has(text, "certificate verify failed")) {
    return settled(ErrorCode::kAuthentication, error,
                   "the certificate of " + at +
                       R"( is not trusted: set config={"ssl.ca.location": "ca.pem"} to its )"
                       "authority's certificate, and connect by a name that it was made for");
  }
  if (is_tls_alert(text)) {
    return kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT,
                            at + R"( expects TLS: set config={"security.protocol": "ssl"})");
  }
  if (has(text, "Invalid response size")) {
    return kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT,
                            at + " is no Kafka broker: it answers in another protocol");
  }
  if (has(text, "APIVERSION_QUERY") && client.setting("security.protocol").empty()) {
    return kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT,
                            at + R"( expects TLS: set config={"security.protocol": "ssl"} )"
                                 "(or it is no Kafka broker: it closes the connection)");
  }
  if (code_of(error) == ErrorCode::kAuthentication && error != RD_KAFKA_RESP_ERR__SSL) {
    return settled(ErrorCode::kAuthentication, error, refused_user(address, text, client));
  }
  return kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT, reach_failure(reason, client.bootstrap));
}

base::Error not_allowed(rd_kafka_resp_err_t error, std::string_view verb, std::string_view kind,
                        std::string_view name, std::string_view right, const ClientConfig& client) {
  const std::string what = std::string(kind) + " \"" + std::string(name) + '"';
  return kafka_error_text(error, "not allowed to " + std::string(verb) + ' ' + what + " on " +
                                     client.bootstrap + ": " + user_of(client) +
                                     " lacks the right " + std::string(right) + " on " + what);
}

bool is_group_trouble(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      return true;
    default:
      return false;
  }
}

base::Error group_error(rd_kafka_resp_err_t error, std::string_view group,
                        const ClientConfig& client) {
  const std::string who = "group \"" + std::string(group) + "\": ";
  switch (error) {
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return not_allowed(error, "use", "group", group, "READ", client);
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
      return kafka_error_text(error, who + "no broker coordinates it now; retrying");
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
      return kafka_error_text(error, who + "its coordinator is starting; retrying");
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
      return kafka_error_text(error, who + "it is sharing out its partitions anew; joining again");
    case RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED:
      return kafka_error_text(error, who + "it has as many members as the broker allows");
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
      return kafka_error_text(error, who +
                                         "its other members share out partitions in another way "
                                         "(partition.assignment.strategy)");
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      return kafka_error_text(error, who +
                                         "this process stood still for longer than "
                                         "max.poll.interval.ms; joining again");
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      return kafka_error_text(error, who + "its coordinator does not answer");
    default:
      return kafka_error(error, "group \"" + std::string(group) + '"');
  }
}

std::string reach_failure(std::string_view reason, std::string_view bootstrap) {
  const auto [address, text] = parse_reason(reason, bootstrap);
  return escape_controls("cannot reach " + std::string(address) + ": " + cause_of(text));
}

}  // namespace headrace::source
