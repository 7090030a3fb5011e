#include <headrace/source/kafka/errors.hpp>

#include <cctype>

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
  return cause == "disconnected" ? "the connection was closed" : cause;
}

}  // namespace

std::string reach_failure(std::string_view reason, std::string_view bootstrap) {
  std::string_view address = bootstrap;
  std::string_view rest = reason;
  if (const std::size_t colon = reason.find(": "); colon != std::string_view::npos) {
    rest = reason.substr(colon + 2);
    if (const std::string_view named = address_of(reason.substr(0, colon)); !named.empty()) {
      address = named;
    } else if (const std::size_t next = rest.find(": "); next != std::string_view::npos) {
      // "GroupCoordinator: 127.0.0.1:9092: Disconnected"
      if (const std::string_view inner = address_of(rest.substr(0, next)); !inner.empty()) {
        address = inner;
        rest = rest.substr(next + 2);
      }
    }
  }
  return escape_controls("cannot reach " + std::string(address) + ": " + cause_of(rest));
}

}  // namespace headrace::source
