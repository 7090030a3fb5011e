#include <headrace/source/kafka/kafka_source.hpp>

#include <utility>

#include <headrace/source/kafka/kafka_reader.hpp>
#include <headrace/source/kafka/settings.hpp>

namespace headrace::source {

base::Result<std::unique_ptr<Source>> make_kafka_source(KafkaSourceConfig config) {
  auto sources = make_kafka_sources(config, 1);
  if (!sources) return sources.error();
  return std::move(sources->front());
}

base::Result<std::vector<std::unique_ptr<Source>>> make_kafka_sources(
    const KafkaSourceConfig& config, std::size_t count) {
  if (base::Status ok = check(config); !ok) return ok.error();
  if (count == 0) return base::invalid_argument("expected at least one source");
  if (count > 1 && !config.group.empty() && config.join) {
    return base::invalid_argument(
        "several sources share out partitions by direct assignment; with a group, the group does "
        "that: start more workers instead");
  }
  const auto topics = std::make_shared<TopicTable>(config.topics);
  std::vector<std::unique_ptr<Source>> sources;
  for (std::size_t i = 0; i < count; ++i) {
    auto source = std::make_unique<KafkaReader>(config, Share{.index = i, .count = count}, topics);
    if (base::Status ok = source->connect(); !ok) return ok.error();
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace headrace::source
