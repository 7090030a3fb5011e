#include <headrace/source/kafka/admin.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <headrace/base/nearest.hpp>
#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/metadata.hpp>
#include <headrace/source/kafka/offsets.hpp>
#include <headrace/source/kafka/trouble.hpp>

namespace headrace::source {

using std::chrono::milliseconds;

struct KafkaAdmin::Impl {
  explicit Impl(const ClientConfig& config) : events(config), bootstrap(config.bootstrap) {}
  TroubleEvents events;
  std::string bootstrap;
  ClientHandle client;

  // Polls for the answer to an admin request.
  [[nodiscard]] base::Result<EventHandle> answer(rd_kafka_queue_t* queue, milliseconds deadline,
                                                 const std::string& what) {
    EventHandle event(rd_kafka_queue_poll(queue, static_cast<int>(deadline.count())));
    if (!event) return events.explain(client.get(), RD_KAFKA_RESP_ERR__TIMED_OUT, what);
    const auto error = rd_kafka_event_error(event.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return events.explain(client.get(), error, what);
    return event;
  }
};

KafkaAdmin::KafkaAdmin(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
KafkaAdmin::~KafkaAdmin() = default;
KafkaAdmin::KafkaAdmin(KafkaAdmin&&) noexcept = default;
KafkaAdmin& KafkaAdmin::operator=(KafkaAdmin&&) noexcept = default;

base::Result<KafkaAdmin> KafkaAdmin::connect(const ClientConfig& client) {
  auto impl = std::make_unique<Impl>(client);
  auto handle = make_client(client, ClientRole::kAdmin, {}, impl->events);
  if (!handle) return handle.error();
  impl->client = *std::move(handle);
  return KafkaAdmin(std::move(impl));
}

base::Result<std::vector<TopicInfo>> KafkaAdmin::topics(milliseconds deadline) {
  const base::Result<MetadataHandle> answer = metadata(impl_->client.get(), nullptr, deadline);
  if (!answer) {
    return impl_->events.explain(impl_->client.get(),
                                 static_cast<rd_kafka_resp_err_t>(answer.error().native_code),
                                 "list of topics");
  }
  std::vector<TopicInfo> topics;
  for (int i = 0; i < (*answer)->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = (*answer)->topics[i];
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    topics.push_back({.name = topic.topic, .partitions = topic.partition_cnt});
  }
  std::sort(topics.begin(), topics.end(),
            [](const TopicInfo& a, const TopicInfo& b) { return a.name < b.name; });
  return topics;
}

base::Result<TopicInfo> KafkaAdmin::topic(std::string_view name, milliseconds deadline) {
  base::Result<std::vector<TopicInfo>> all = topics(deadline);
  if (!all) return all.error();
  std::vector<std::string> names;
  for (const TopicInfo& topic : *all) {
    if (topic.name == name) return topic;
    names.push_back(topic.name);
  }
  return kafka_error_text(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                          topic_missing(name, impl_->bootstrap, names));
}

base::Status KafkaAdmin::create_topic(const NewTopic& topic, milliseconds deadline) {
  const std::string what = "cannot create topic \"" + topic.name + '"';
  char text[512];
  const NewTopicHandle spec(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions,
                                                  topic.replication, text, sizeof text));
  if (!spec) return base::invalid_argument(what + ": " + text);
  for (const auto& [key, value] : topic.config) {
    rd_kafka_NewTopic_set_config(spec.get(), key.c_str(), value.c_str());
  }
  const QueueHandle queue(rd_kafka_queue_new(impl_->client.get()));
  const AdminOptionsHandle options =
      admin_options(impl_->client.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, deadline);
  // Answer only when every broker knows the topic, so that the next call finds it.
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), static_cast<int>(deadline.count()),
                                              text, sizeof text);
  std::array<rd_kafka_NewTopic_t*, 1> specs{spec.get()};
  rd_kafka_CreateTopics(impl_->client.get(), specs.data(), specs.size(), options.get(),
                        queue.get());
  base::Result<EventHandle> event = impl_->answer(queue.get(), deadline, what);
  if (!event) return event.error();
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto error = rd_kafka_topic_result_error(results[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const char* reason = rd_kafka_topic_result_error_string(results[i]);
    return kafka_error_text(error,
                            what + ": " + (reason == nullptr ? rd_kafka_err2str(error) : reason));
  }
  return {};
}

base::Status KafkaAdmin::delete_topic(const std::string& name, milliseconds deadline) {
  const std::string what = "cannot delete topic \"" + name + '"';
  const DeleteTopicHandle spec(rd_kafka_DeleteTopic_new(name.c_str()));
  const QueueHandle queue(rd_kafka_queue_new(impl_->client.get()));
  const AdminOptionsHandle options =
      admin_options(impl_->client.get(), RD_KAFKA_ADMIN_OP_DELETETOPICS, deadline);
  std::array<rd_kafka_DeleteTopic_t*, 1> specs{spec.get()};
  rd_kafka_DeleteTopics(impl_->client.get(), specs.data(), specs.size(), options.get(),
                        queue.get());
  base::Result<EventHandle> event = impl_->answer(queue.get(), deadline, what);
  if (!event) return event.error();
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto error = rd_kafka_topic_result_error(results[i]);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(error, what);
  }
  return {};
}

base::Result<std::vector<Watermarks>> KafkaAdmin::watermarks(std::string_view topic_name,
                                                             milliseconds deadline) {
  base::Result<TopicInfo> info = topic(topic_name, deadline);
  if (!info) return info.error();
  std::vector<TopicPartition> partitions;
  for (int p = 0; p < info->partitions; ++p) partitions.emplace_back(info->name, p);
  base::Result<std::vector<OffsetRange>> found = ranges(impl_->client.get(), partitions, deadline);
  if (!found) return found.error();
  std::vector<Watermarks> marks;
  for (std::size_t p = 0; p < found->size(); ++p) {
    marks.push_back({static_cast<std::int32_t>(p), (*found)[p].low, (*found)[p].high});
  }
  return marks;
}

base::Result<std::vector<std::int64_t>> KafkaAdmin::offsets_at(std::string_view topic_name,
                                                               std::int64_t timestamp_ms,
                                                               milliseconds deadline) {
  base::Result<TopicInfo> info = topic(topic_name, deadline);
  if (!info) return info.error();
  std::vector<TopicPartition> partitions;
  for (int p = 0; p < info->partitions; ++p) partitions.emplace_back(info->name, p);
  Start start;
  start.at = StartAt::kTimestamp;
  start.timestamp_ms = timestamp_ms;
  const base::Result<std::vector<Place>> places =
      resolve(impl_->client.get(), partitions, {.start = start}, deadline);
  if (!places) return places.error();
  std::vector<std::int64_t> offsets;
  for (const Place& place : *places) offsets.push_back(place.offset);
  return offsets;
}

std::string topic_missing(std::string_view topic, std::string_view bootstrap,
                          const std::vector<std::string>& existing) {
  std::string text = "topic \"" + std::string(topic) + "\" does not exist on ";
  text += bootstrap;
  if (const auto near = base::nearest(topic, existing))
    text += " (did you mean \"" + *near + "\"?)";
  return text;
}

}  // namespace headrace::source
