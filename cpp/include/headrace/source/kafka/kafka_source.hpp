// Records from Kafka topics: partitions assigned directly, or shared out by a consumer group.
//
// Without a group every partition is assigned at an absolute offset (no group protocol, the first
// record is there in some 30 ms). With one, partitions come and go by rebalance; each assignment of
// a task has its own epoch, and nothing of a revoked partition is handed on. A committed position
// of the group always wins; `start` says where a partition without one begins. Partitions that
// appear later are read from their beginning, whatever `start` says, so that none of their records
// is lost.
//
// Creating a source only checks its settings; it connects in the background. What is wrong on the
// way (no broker, no topic) arrives as events while it keeps trying; only what cannot heal by
// itself (authentication, authorization, a position that is gone, a missing topic with `strict`) is
// an error of poll().
//
// Thread contract: see source/source.hpp; positions() and commit() belong to the ingest thread too,
//   topics() and wake() to any. One helper thread asks for metadata and offsets, so that poll never
//   waits for an answer.
// Cost: per record a pointer comparison, two integer comparisons and 64 bytes written; no lock, no
//   allocation, no virtual call of ours.
// Lifetime: records of a poll are librdkafka's own memory, freed at the next poll.
//
//   KafkaSourceConfig config{.client = {.bootstrap = "localhost:9092"}, .topics = {"ohlcv"}};
//   std::unique_ptr<Source> source = make_kafka_source(config).value_or_throw();
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <headrace/source/kafka/config.hpp>
#include <headrace/source/source.hpp>
#include <headrace/source/starting_points.hpp>

namespace headrace::source {

enum class StartAt : std::uint8_t {
  kEarliest,
  kLatest,
  kTimestamp,  // the first record at or after `timestamp_ms`; the end where there is none
  kOffsets,    // `offsets`; partitions not named there begin at the earliest
  kGroup,      // the group's committed positions, else the earliest
};

using TopicPartition = std::pair<std::string, std::int32_t>;

struct Start {
  StartAt at = StartAt::kEarliest;
  std::int64_t timestamp_ms = 0;
  std::map<TopicPartition, std::int64_t> offsets;
};

// What to do where the broker no longer has (or does not have yet) the position asked for.
enum class OutOfRange : std::uint8_t {
  kError,     // a typed error that names the range that is gone
  kEarliest,  // go on from the oldest record there is, with an event that says what was skipped
  kLatest,    // go on from the end, likewise
};

struct KafkaSourceConfig {
  ClientConfig client;
  std::vector<std::string> topics;
  std::string pattern;         // POSIX extended regular expression, instead of `topics`
  std::string group;           // empty: direct assignment
  std::string group_instance;  // static membership: a restart keeps its partitions
  // False: the group's positions are read, but its members do not share out the partitions; all are
  // ours, and nobody else is to commit.
  bool join = true;
  std::shared_ptr<StartingPoints> starting_points;  // null: where the group's position says
  Start start;
  bool bounded = false;  // up to the high watermarks at start, then Poll::end
  std::map<TopicPartition, std::int64_t> ends;  // or up to these, where they come first
  OutOfRange on_out_of_range = OutOfRange::kError;
  bool strict = false;  // a topic that does not exist is an error instead of an event
  // How soon new partitions are seen, and partitions that have no leader any more.
  std::chrono::milliseconds metadata_refresh{3'000};
  // No answer within so long after the start is an error; none: never.
  std::optional<std::chrono::milliseconds> timeout;
  std::size_t poll_max = 1024;  // most records a poll
};

// InvalidArgument for contradictory settings; does not wait for a broker.
[[nodiscard]] base::Result<std::unique_ptr<Source>> make_kafka_source(KafkaSourceConfig config);

// What Source::membership() is for one who keeps positions in a group without being in it.
[[nodiscard]] std::string membership_of(const std::string& group);

// `count` sources that share out the partitions among them (partition p of topic t goes to source
// (p + t) mod count), for as many ingest threads; all know the topics by the same numbers. Direct
// assignment only: a group shares out by itself.
[[nodiscard]] base::Result<std::vector<std::unique_ptr<Source>>> make_kafka_sources(
    const KafkaSourceConfig& config, std::size_t count);

}  // namespace headrace::source
