#include <headrace/source/kafka/settings.hpp>

#include <regex.h>

#include <algorithm>
#include <set>

#include <headrace/source/kafka/log.hpp>

namespace headrace::source {

namespace {

base::Status check_pattern(const std::string& pattern) {
  regex_t regex;
  const int error = regcomp(&regex, pattern.c_str(), REG_EXTENDED | REG_NOSUB);
  if (error == 0) {
    regfree(&regex);
    return {};
  }
  char text[256];
  regerror(error, &regex, text, sizeof text);
  return base::invalid_argument("pattern " + escape_controls(pattern) + ": " + text);
}

base::Status check_topics(const KafkaSourceConfig& config) {
  if (config.topics.empty() == config.pattern.empty()) {
    return base::invalid_argument("expected topics or a pattern, got " +
                                  std::string(config.topics.empty() ? "neither" : "both"));
  }
  std::set<std::string> seen;
  for (const std::string& topic : config.topics) {
    if (!is_topic_name(topic)) {
      return base::invalid_argument("\"" + escape_controls(topic) +
                                    "\" is no topic name: 1 to 249 of a-z A-Z 0-9 . _ -");
    }
    if (!seen.insert(topic).second) {
      return base::invalid_argument("topic \"" + topic + "\" is named twice");
    }
  }
  return {};
}

base::Status check_start(const KafkaSourceConfig& config) {
  if (config.start.at == StartAt::kGroup && config.group.empty()) {
    return base::invalid_argument("start from the group's positions needs a group");
  }
  if (!config.group_instance.empty() && config.group.empty()) {
    return base::invalid_argument("group_instance needs a group");
  }
  for (const auto& [where, offset] : config.start.offsets) {
    const std::string name = where.first + '[' + std::to_string(where.second) + ']';
    if (offset < 0) {
      return base::invalid_argument("offset of " + name + ": expected 0 or more, got " +
                                    std::to_string(offset));
    }
    const bool known =
        !config.pattern.empty() ||
        std::find(config.topics.begin(), config.topics.end(), where.first) != config.topics.end();
    if (!known || where.second < 0) {
      return base::invalid_argument("an offset is given for " + name + ", which is not read");
    }
  }
  return {};
}

}  // namespace

bool is_topic_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

std::string whole_name(std::string_view pattern) { return "^(" + std::string(pattern) + ")$"; }

base::Status check(const KafkaSourceConfig& config) {
  if (base::Status ok = check_topics(config); !ok) return ok;
  if (!config.pattern.empty()) {
    if (base::Status ok = check_pattern(config.pattern); !ok) return ok;
  }
  if (base::Status ok = check_start(config); !ok) return ok;
  if (config.poll_max < 2) return base::invalid_argument("poll_max: expected 2 or more");
  if (config.metadata_refresh.count() < 10) {
    return base::invalid_argument("metadata_refresh: expected 10 ms or more");
  }
  return check(config.client);
}

}  // namespace headrace::source
