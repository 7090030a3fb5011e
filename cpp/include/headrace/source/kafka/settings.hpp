// Is this configuration of a Kafka source one that can work?
//
// Thread contract: pure functions.
// Cost: at construction only.
//
//   if (base::Status ok = check(config); !ok) return ok.error();
#pragma once

#include <string>
#include <string_view>

#include <headrace/source/kafka/kafka_source.hpp>

namespace headrace::source {

// Contradictions, impossible names and numbers, refused client settings.
[[nodiscard]] base::Status check(const KafkaSourceConfig& config);

// 1 to 249 of a-z A-Z 0-9 . _ -, and not "." or "..".
[[nodiscard]] bool is_topic_name(std::string_view name) noexcept;

// The pattern as librdkafka wants it, matching the whole name: ^(pattern)$.
[[nodiscard]] std::string whole_name(std::string_view pattern);

}  // namespace headrace::source
