// librdkafka's error codes and sentences, turned into ours.
//
// Thread contract: pure functions.
// Cost: for the error path only.
//
//   return kafka_error(err, "commit of group \"desk\"");
//   reach_failure("127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection "
//                 "refused (after 0ms in state CONNECT)", "127.0.0.1:9092")
//     // cannot reach 127.0.0.1:9092: connection refused
#pragma once

#include <string>
#include <string_view>

#include <librdkafka/rdkafka.h>

#include <headrace/base/error.hpp>
#include <headrace/source/kafka/config.hpp>

namespace headrace::source {

// Our code for theirs, and whether the same call may succeed later.
[[nodiscard]] base::ErrorCode code_of(rd_kafka_resp_err_t error) noexcept;
[[nodiscard]] bool is_retriable(rd_kafka_resp_err_t error) noexcept;

// "<what>: <librdkafka's description>", with native_code.
[[nodiscard]] base::Error kafka_error(rd_kafka_resp_err_t error, std::string_view what);
// The same with a description of our own.
[[nodiscard]] base::Error kafka_error_text(rd_kafka_resp_err_t error, std::string message);
[[nodiscard]] base::Error kafka_error(const rd_kafka_error_t& error, std::string_view what);

// Does this code say that a broker could not be reached (and not that it refused something)?
[[nodiscard]] bool is_connection_trouble(rd_kafka_resp_err_t error) noexcept;
// Does it say that another producer with the same transactional id has taken over?
[[nodiscard]] bool is_fenced(rd_kafka_resp_err_t error) noexcept;
// Does it say that this one record (or the batch that holds it) cannot be delivered?
[[nodiscard]] bool is_poison(rd_kafka_resp_err_t error) noexcept;

// What a failed connection means, in the user's words and with the setting that would mend it. Not
// retriable where waiting does not help: wrong credentials, an unknown certificate, no TLS there.
[[nodiscard]] base::Error connection_error(rd_kafka_resp_err_t error, std::string_view reason,
                                           const ClientConfig& client);

// That the user may not do something: not allowed to read topic "ohlcv" on 127.0.0.1:9092: ...
// `verb` "read", `kind` "topic", `right` "READ".
[[nodiscard]] base::Error not_allowed(rd_kafka_resp_err_t error, std::string_view verb,
                                      std::string_view kind, std::string_view name,
                                      std::string_view right, const ClientConfig& client);

// Is this about a group, not about a topic or a connection?
[[nodiscard]] bool is_group_trouble(rd_kafka_resp_err_t error) noexcept;
// Trouble with a consumer group, or with its positions, in words.
[[nodiscard]] base::Error group_error(rd_kafka_resp_err_t error, std::string_view group,
                                      const ClientConfig& client);

// One line for a user out of the reason of an error callback; `bootstrap` names the cluster where
// the reason names no address.
[[nodiscard]] std::string reach_failure(std::string_view reason, std::string_view bootstrap);

}  // namespace headrace::source
