#include <headrace/source/kafka/metadata.hpp>

#include <regex.h>

#include <string_view>

#include <headrace/source/kafka/errors.hpp>

namespace headrace::source {

base::Result<MetadataHandle> metadata(rd_kafka_t* client, const std::string* name,
                                      std::chrono::milliseconds timeout) {
  const TopicHandle topic(name == nullptr ? nullptr
                                          : rd_kafka_topic_new(client, name->c_str(), nullptr));
  const rd_kafka_metadata_t* answer = nullptr;
  const auto error = rd_kafka_metadata(client, name == nullptr ? 1 : 0, topic.get(), &answer,
                                       static_cast<int>(timeout.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(error, "metadata");
  MetadataHandle handle(answer);
  if (name != nullptr && handle->topic_cnt == 0) {
    return kafka_error(RD_KAFKA_RESP_ERR__TIMED_OUT, "metadata");
  }
  return handle;
}

bool is_missing(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

std::vector<std::string> topic_names(const rd_kafka_metadata_t& metadata) {
  std::vector<std::string> names;
  for (int i = 0; i < metadata.topic_cnt; ++i) names.emplace_back(metadata.topics[i].topic);
  return names;
}

base::Result<std::vector<const rd_kafka_metadata_topic_t*>> matching(
    const rd_kafka_metadata_t& metadata, const std::string& pattern) {
  regex_t regex;
  if (regcomp(&regex, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
    return base::invalid_argument("pattern \"" + pattern + "\" is no regular expression");
  }
  std::vector<const rd_kafka_metadata_topic_t*> found;
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata.topics[i];
    const bool internal = std::string_view(topic.topic).starts_with("__");
    if (!internal && regexec(&regex, topic.topic, 0, nullptr, 0) == 0) found.push_back(&topic);
  }
  regfree(&regex);
  return found;
}

}  // namespace headrace::source
