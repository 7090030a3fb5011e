// Which partitions the members of a group hold together, as its coordinator knows it.
//
// Thread contract: one thread.
// Cost: a request or two to the broker; librdkafka takes about a second for them, so nobody waits.
// Lifetime: the client must outlive the request.
//
//   GroupCoverRequest request(client, "signals", 5s);
//   if (auto answer = request.poll(); answer && *answer && (*answer)->stable &&
//       !(*answer)->partitions.contains({"stocks", 3})) ...
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>

#include <librdkafka/rdkafka.h>

#include <headrace/source/kafka/handles.hpp>
#include <headrace/source/kafka/offsets.hpp>

namespace headrace::source {

struct GroupCover {
  bool stable = false;  // else its partitions are being shared out
  std::set<TopicPartition> partitions;
};

class GroupCoverRequest {
 public:
  GroupCoverRequest(rd_kafka_t* client, std::string group, std::chrono::milliseconds deadline);
  // The answer, once; an error at the latest when the deadline has passed.
  [[nodiscard]] std::optional<base::Result<GroupCover>> poll();

 private:
  std::string group_;
  QueueHandle queue_;
};

}  // namespace headrace::source
