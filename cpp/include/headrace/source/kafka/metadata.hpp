// What a cluster says of its topics: one request, and how to read its answer.
//
// Thread contract: any thread; the calls wait for at most their timeout.
// Cost: one round trip; all topics of a large cluster are some hundred kilobytes.
//
//   base::Result<MetadataHandle> answer = metadata(client, &name, 1s);
//   if (answer && is_missing((*answer)->topics[0].err)) ...
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <headrace/source/kafka/handles.hpp>

namespace headrace::source {

// Of one topic, which has an entry whether it exists or not; of all where `name` is null.
[[nodiscard]] base::Result<MetadataHandle> metadata(rd_kafka_t* client, const std::string* name,
                                                    std::chrono::milliseconds timeout);

// Does this error of a topic say that it does not exist?
[[nodiscard]] bool is_missing(rd_kafka_resp_err_t error) noexcept;

[[nodiscard]] std::vector<std::string> topic_names(const rd_kafka_metadata_t& metadata);

// The topics, other than Kafka's own, whose whole name matches a POSIX extended expression.
// Borrowed: valid while the metadata is.
[[nodiscard]] base::Result<std::vector<const rd_kafka_metadata_topic_t*>> matching(
    const rd_kafka_metadata_t& metadata, const std::string& pattern);

}  // namespace headrace::source
