// Where to begin: absolute offsets for partitions, asked from the broker.
//
// An assignment at a logical offset ("earliest") makes librdkafka idle for half a second; asking
// first and assigning numbers takes two round trips. All partitions are asked in one request a
// leader.
//
// Thread contract: the helper thread of a source, or any thread with a client of its own.
// Cost: one round trip to each leader a question; every call has its deadline.
//
//   Result<std::vector<Place>> places = resolve(rk, {{"ohlcv", 0}}, request, 2s);
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <librdkafka/rdkafka.h>

#include <headrace/source/kafka/kafka_source.hpp>

namespace headrace::source {

// One partition and where reading it begins.
struct Place {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t end = -1;  // high watermark; -1 where it was not asked for
  CommittedOffset committed{};
};

struct PlaceRequest {
  Start start;
  bool from_group = false;  // a committed position wins
  bool with_end = false;    // ask for the high watermarks too: with what is in open transactions
  std::map<TopicPartition, std::int64_t> ends{};  // that are nearer
};

struct OffsetRange {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

[[nodiscard]] base::Result<std::vector<Place>> resolve(
    rd_kafka_t* client, const std::vector<TopicPartition>& partitions, const PlaceRequest& request,
    std::chrono::milliseconds timeout);

// The offsets that the broker has for the client: low to high - 1, as far as transactions are
// decided where it reads what is committed.
[[nodiscard]] base::Result<std::vector<OffsetRange>> ranges(
    rd_kafka_t* client, const std::vector<TopicPartition>& partitions,
    std::chrono::milliseconds timeout);

// Why reading cannot begin at `asked`, for a user: what is gone, or that it never was.
[[nodiscard]] std::string out_of_range(const Place& asked, const OffsetRange& range);

}  // namespace headrace::source
