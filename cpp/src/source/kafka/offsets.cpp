#include <headrace/source/kafka/offsets.hpp>

#include <algorithm>
#include <cstddef>

#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/handles.hpp>

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
    base::Result<Offsets> ends = ask(client, partitions, RD_KAFKA_OFFSET_END, timeout);
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
