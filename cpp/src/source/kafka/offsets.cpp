#include <headrace/source/kafka/offsets.hpp>

#include <algorithm>
#include <cstddef>
#include <map>

#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/handles.hpp>

// The library that we run on is at least 2.14 (FindRdKafka.cmake), the header may be a
// distribution's older one; these are in it since 2.3.
#if RD_KAFKA_VERSION < 0x020300ff
extern "C" {
struct rd_kafka_ListOffsets_result_t;
struct rd_kafka_ListOffsetsResultInfo_t;
void rd_kafka_ListOffsets(rd_kafka_t*, rd_kafka_topic_partition_list_t*,
                          const rd_kafka_AdminOptions_t*, rd_kafka_queue_t*);
rd_kafka_error_t* rd_kafka_AdminOptions_set_isolation_level(rd_kafka_AdminOptions_t*, int);
const rd_kafka_ListOffsets_result_t* rd_kafka_event_ListOffsets_result(rd_kafka_event_t*);
const rd_kafka_ListOffsetsResultInfo_t** rd_kafka_ListOffsets_result_infos(
    const rd_kafka_ListOffsets_result_t*, std::size_t*);
const rd_kafka_topic_partition_t* rd_kafka_ListOffsetsResultInfo_topic_partition(
    const rd_kafka_ListOffsetsResultInfo_t*);
}
constexpr auto RD_KAFKA_ADMIN_OP_LISTOFFSETS = static_cast<rd_kafka_admin_op_t>(21);
constexpr int RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED = 0;
#endif

namespace headrace::source {

namespace {

using Partitions = std::vector<TopicPartition>;
using Offsets = std::vector<std::int64_t>;

std::string name_of(const rd_kafka_topic_partition_t& p) {
  return std::string(p.topic) + '[' + std::to_string(p.partition) + ']';
}

PartitionList list_of(const Partitions& partitions, std::int64_t offset) {
  PartitionList list = make_partition_list(static_cast<int>(partitions.size()));
  for (const auto& [topic, partition] : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  }
  return list;
}

base::Result<Offsets> offsets_of(const rd_kafka_topic_partition_list_t& list, const char* what) {
  Offsets offsets;
  for (int i = 0; i < list.cnt; ++i) {
    const rd_kafka_topic_partition_t& p = list.elems[i];
    if (p.err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(p.err, what + name_of(p));
    offsets.push_back(p.offset);
  }
  return offsets;
}

// `when`: a timestamp in ms, or one of ListOffsets' own -2 (earliest) and -1 (latest), which are
// librdkafka's logical offsets too.
base::Result<Offsets> ask(rd_kafka_t* client, const Partitions& partitions, std::int64_t when,
                          std::chrono::milliseconds timeout) {
  const PartitionList list = list_of(partitions, when);
  const auto error =
      rd_kafka_offsets_for_times(client, list.get(), static_cast<int>(timeout.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return kafka_error(error, "offsets of " + name_of(list->elems[0]));
  }
  return offsets_of(*list, "offset of ");
}

// Where the logs end, open transactions included. ask() gives the last stable offset to a client
// that reads what is committed: a transaction is answered as committed before its markers are in
// the partitions, so that a read up to there could miss what its user has just written.
base::Result<Offsets> high_watermarks(rd_kafka_t* client, const Partitions& partitions,
                                      std::chrono::milliseconds timeout) {
  const AdminOptionsHandle options = admin_options(client, RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout);
  const ErrorHandle refused(rd_kafka_AdminOptions_set_isolation_level(
      options.get(), RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED));
  const std::string what = "offsets of " + name_of(*list_of(partitions, 0)->elems);
  if (refused) return kafka_error(rd_kafka_error_code(refused.get()), what);
  const QueueHandle queue(rd_kafka_queue_new(client));
  const PartitionList list = list_of(partitions, RD_KAFKA_OFFSET_END);
  rd_kafka_ListOffsets(client, list.get(), options.get(), queue.get());
  const EventHandle event(rd_kafka_queue_poll(queue.get(), static_cast<int>(timeout.count())));
  if (!event) return kafka_error(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
  if (const auto error = rd_kafka_event_error(event.get())) return kafka_error(error, what);
  std::size_t count = 0;
  const auto** infos =
      rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event.get()), &count);
  std::map<TopicPartition, std::int64_t> ends;  // the answers of several brokers, in any order
  for (std::size_t i = 0; i < count; ++i) {
    const auto& p = *rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    if (p.err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(p.err, "offset of " + name_of(p));
    ends[{p.topic, p.partition}] = p.offset;
  }
  Offsets offsets;
  for (const TopicPartition& partition : partitions) {
    const auto end = ends.find(partition);
    if (end == ends.end()) return kafka_error(RD_KAFKA_RESP_ERR__BAD_MSG, what);
    offsets.push_back(end->second);
  }
  return offsets;
}

base::Result<std::vector<CommittedOffset>> committed(rd_kafka_t* client,
                                                     const Partitions& partitions,
                                                     std::chrono::milliseconds timeout) {
  const PartitionList list = list_of(partitions, RD_KAFKA_OFFSET_INVALID);
  const auto error = rd_kafka_committed(client, list.get(), static_cast<int>(timeout.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(error, "committed positions");
  std::vector<CommittedOffset> found;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& p = list->elems[i];
    if (p.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return kafka_error(p.err, "committed position of " + name_of(p));
    }
    found.emplace_back();
    if (p.offset < 0) continue;
    found.back().offset = p.offset;
    found.back().metadata.assign(static_cast<const char*>(p.metadata), p.metadata_size);
  }
  return found;
}

std::int64_t timestamp_or_end(const Start& start) {
  switch (start.at) {
    case StartAt::kLatest:
      return RD_KAFKA_OFFSET_END;
    case StartAt::kTimestamp:
      return start.timestamp_ms;
    default:
      return RD_KAFKA_OFFSET_BEGINNING;
  }
}

// Offsets where reading begins if nothing was committed.
base::Result<Offsets> starts(rd_kafka_t* client, const Partitions& partitions, const Start& start,
                             std::chrono::milliseconds timeout) {
  base::Result<Offsets> found = ask(client, partitions, timestamp_or_end(start), timeout);
  if (!found) return found;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const auto given = start.offsets.find(partitions[i]);
    if (start.at == StartAt::kOffsets && given != start.offsets.end()) (*found)[i] = given->second;
    // No record that young: begin at the end.
    if ((*found)[i] == RD_KAFKA_OFFSET_END) {
      base::Result<Offsets> end = ask(client, {partitions[i]}, RD_KAFKA_OFFSET_END, timeout);
      if (!end) return end;
      (*found)[i] = end->front();
    }
  }
  return found;
}

}  // namespace

base::Result<std::vector<Place>> resolve(rd_kafka_t* client, const Partitions& partitions,
                                         const PlaceRequest& request,
                                         std::chrono::milliseconds timeout) {
  std::vector<Place> places;
  Partitions open;                 // that `start` has to say where they begin
  std::vector<std::size_t> where;  // in places
  std::vector<CommittedOffset> group(partitions.size());
  if (request.from_group) {
    base::Result<std::vector<CommittedOffset>> found = committed(client, partitions, timeout);
    if (!found) return found.error();
    group = *std::move(found);
  }
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    places.push_back({.topic = partitions[i].first,
                      .partition = partitions[i].second,
                      .offset = group[i].offset,
                      .committed = group[i]});
    if (group[i].offset >= 0) continue;
    open.push_back(partitions[i]);
    where.push_back(i);
  }
  if (!open.empty()) {
    base::Result<Offsets> found = starts(client, open, request.start, timeout);
    if (!found) return found.error();
    for (std::size_t i = 0; i < where.size(); ++i) places[where[i]].offset = (*found)[i];
  }
  if (request.with_end && !partitions.empty()) {
    base::Result<Offsets> ends = high_watermarks(client, partitions, timeout);
    if (!ends) return ends.error();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto given = request.ends.find(partitions[i]);
      places[i].end =
          given == request.ends.end() ? (*ends)[i] : std::min((*ends)[i], given->second);
    }
  }
  return places;
}

base::Result<std::vector<OffsetRange>> ranges(rd_kafka_t* client, const Partitions& partitions,
                                              std::chrono::milliseconds timeout) {
  std::vector<OffsetRange> out;
  if (partitions.empty()) return out;
  base::Result<Offsets> low = ask(client, partitions, RD_KAFKA_OFFSET_BEGINNING, timeout);
  if (!low) return low.error();
  base::Result<Offsets> high = ask(client, partitions, RD_KAFKA_OFFSET_END, timeout);
  if (!high) return high.error();
  for (std::size_t i = 0; i < partitions.size(); ++i) out.push_back({(*low)[i], (*high)[i]});
  return out;
}

std::string out_of_range(const Place& asked, const OffsetRange& range) {
  const std::string offset = std::to_string(asked.offset);
  std::string text = asked.topic + '[' + std::to_string(asked.partition) + "]: offset " + offset;
  if (asked.offset < range.low) {
    const std::string last = std::to_string(range.low - 1);
    return text + " is gone: records " + offset + " to " + last +
           " are no longer on the broker, it has " + std::to_string(range.low) + " to " +
           std::to_string(range.high - 1);
  }
  return text + " does not exist: the partition ends at " + std::to_string(range.high) +
         " (was the topic made anew?)";
}

}  // namespace headrace::source
