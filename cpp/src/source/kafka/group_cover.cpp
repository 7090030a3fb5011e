#include <headrace/source/kafka/group_cover.hpp>

#include <utility>

#include <headrace/source/kafka/errors.hpp>

namespace headrace::source {
namespace {

void take(const rd_kafka_MemberDescription_t* member, GroupCover& cover) {
  const rd_kafka_MemberAssignment_t* assignment = rd_kafka_MemberDescription_assignment(member);
  const rd_kafka_topic_partition_list_t* held =
      assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment);
  for (int i = 0; held != nullptr && i < held->cnt; ++i) {
    cover.partitions.emplace(held->elems[i].topic, held->elems[i].partition);
  }
}

base::Result<GroupCover> cover_from(rd_kafka_event_t* event, const std::string& what) {
  if (const auto error = rd_kafka_event_error(event); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return kafka_error_text(error, what + ": " + rd_kafka_event_error_string(event));
  }
  std::size_t count = 0;
  const rd_kafka_ConsumerGroupDescription_t** groups =
      rd_kafka_DescribeConsumerGroups_result_groups(
          rd_kafka_event_DescribeConsumerGroups_result(event), &count);
  if (count != 1) return kafka_error(RD_KAFKA_RESP_ERR__BAD_MSG, what);
  const rd_kafka_ConsumerGroupDescription_t* found = groups[0];
  if (const rd_kafka_error_t* error = rd_kafka_ConsumerGroupDescription_error(found)) {
    return kafka_error_text(rd_kafka_error_code(error), what + ": " + rd_kafka_error_string(error));
  }
  GroupCover cover;
  cover.stable =
      rd_kafka_ConsumerGroupDescription_state(found) == RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;
  for (std::size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(found); ++i) {
    take(rd_kafka_ConsumerGroupDescription_member(found, i), cover);
  }
  return cover;
}

}  // namespace

GroupCoverRequest::GroupCoverRequest(rd_kafka_t* client, std::string group,
                                     std::chrono::milliseconds deadline)
    : group_(std::move(group)), queue_(rd_kafka_queue_new(client)) {
  const AdminOptionsHandle options =
      admin_options(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, deadline);
  const char* names[] = {group_.c_str()};
  rd_kafka_DescribeConsumerGroups(client, names, 1, options.get(), queue_.get());
}

std::optional<base::Result<GroupCover>> GroupCoverRequest::poll() {
  const EventHandle event(rd_kafka_queue_poll(queue_.get(), 0));
  if (!event) return std::nullopt;
  return cover_from(event.get(), "members of the group \"" + group_ + '"');
}

}  // namespace headrace::source
