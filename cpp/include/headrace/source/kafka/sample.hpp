// A few records of a topic, to look at: the first and the last ones, without a group.
//
// Nothing is committed and nothing is left on the broker. The numbers are spread over the
// partitions; a partition with fewer records leaves its share to the others. Offsets without a
// record (transaction markers, aborted or compacted records) are passed over; where they are many
// at the end of a partition, a few looks further back are taken and then fewer records returned.
//
// Thread contract: any thread, one client of its own per call.
// Cost: four round trips and two fetches a partition: some 30 ms on loopback; memory is that of the
//   records returned.
//
//   base::Result<std::vector<SampleRecord>> found =
//       sample({.client = {.bootstrap = "localhost:9092"}, .topics = {"ohlcv"}});
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <headrace/source/kafka/config.hpp>

namespace headrace::source {

struct SampleRecord {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;  // -1: none
  std::optional<std::string> key;
  std::optional<std::string> value;                          // none: a tombstone
  std::vector<std::pair<std::string, std::string>> headers;  // where they were asked for
};

struct SampleRequest {
  ClientConfig client;
  std::vector<std::string> topics;
  std::string pattern;       // POSIX extended regular expression, instead of `topics`
  std::size_t oldest = 50;   // at most, over all partitions
  std::size_t newest = 200;  // likewise
  bool headers = false;      // whether they are wanted, too
  bool partial = true;       // whether what was read when the time is up will do
  std::chrono::milliseconds timeout{5'000};
  std::function<bool()> cancelled;  // asked every 100 ms; the call then ends with kCancelled
};

// By topic, partition and offset, each record once; none where the topics have no records.
//
// A partition that cannot be read (no leader, say) is left out where another can. TopicNotFound
// names the nearest topic; BrokerUnavailable, with address and cause, where nobody answers in time
// or every address refuses; AuthenticationError and AuthorizationError as the broker says.
[[nodiscard]] base::Result<std::vector<SampleRecord>> sample(const SampleRequest& request);

}  // namespace headrace::source
