// The headers of a Kafka record, copied out of the client's message.
//
// Thread contract: as the message's: one thread.
// Cost: records without headers some nanoseconds, others a copy of each name and value.
//
//   for (const auto& [name, value] : headers_of(message)) ...
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

namespace headrace::source {

// How often the record was set aside before, as decimal text; written where one is redriven.
inline constexpr std::string_view kHeaderAttempt = "headrace.attempt";

// In their order; a null value is an empty one.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> headers_of(
    const rd_kafka_message_t& message);

// What kHeaderAttempt says; 0 where there is no such header, or one that is no number.
[[nodiscard]] int attempts_of(const rd_kafka_message_t& message);

}  // namespace headrace::source
