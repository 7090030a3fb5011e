#include <headrace/pipeline/plan_json.hpp>

#include <algorithm>
#include <utility>

#include <headrace/base/nearest.hpp>

namespace headrace::pipeline {

using simdjson::dom::element;

base::Exception plan_error(std::string message) {
  return base::Exception(base::invalid_argument(std::move(message)));
}

std::string json_text(const element& json) { return simdjson::minify(json); }

std::string json_excerpt(const element& json) {
  constexpr std::size_t kLongest = 80;
  std::string text = json_text(json);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

JsonObject::JsonObject(const element& json, std::string where,
                       std::initializer_list<std::string_view> keys)
    : element_(json), where_(std::move(where)) {
  if (json.get(object_) != simdjson::SUCCESS) {
    throw plan_error(where_ + ": expected an object, got " + json_excerpt(json));
  }
  std::vector<std::string_view> seen;
  for (const auto& [key, value] : object_) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      const std::vector<std::string> known(keys.begin(), keys.end());
      throw plan_error(where_ + ": " + base::unknown_name("key", key, known));
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      throw plan_error(where_ + ": key \"" + std::string(key) + "\" stands there twice");
    }
    seen.push_back(key);
  }
}

std::optional<element> JsonObject::find(std::string_view key) const {
  element value;
  if (object_.at_key(key).get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

element JsonObject::require(std::string_view key) const {
  const std::optional<element> value = find(key);
  if (!value) throw plan_error(where_ + ": \"" + std::string(key) + "\" is missing");
  return *value;
}

base::Exception JsonObject::wrong(std::string_view key, std::string_view expected,
                                  const element& got) const {
  return plan_error(where_ + ": \"" + std::string(key) + "\": expected " + std::string(expected) +
                    ", got " + json_excerpt(got));
}

std::string JsonObject::text(std::string_view key) const {
  const element value = require(key);
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) throw wrong(key, "text", value);
  return std::string(text);
}

std::optional<std::string> JsonObject::text_if(std::string_view key) const {
  if (!find(key)) return std::nullopt;
  return text(key);
}

std::int64_t JsonObject::integer(std::string_view key) const {
  const element value = require(key);
  std::int64_t integer = 0;
  if (!value.is_int64() || value.get(integer) != simdjson::SUCCESS) {
    throw wrong(key, "a whole number", value);
  }
  return integer;
}

bool JsonObject::truth(std::string_view key, bool otherwise) const {
  const std::optional<element> value = find(key);
  if (!value) return otherwise;
  bool truth = false;
  if (value->get(truth) != simdjson::SUCCESS) throw wrong(key, "true or false", *value);
  return truth;
}

std::vector<element> JsonObject::list(std::string_view key) const {
  const element value = require(key);
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) throw wrong(key, "a list", value);
  return {array.begin(), array.end()};
}

std::vector<std::string> JsonObject::texts(std::string_view key) const {
  std::vector<std::string> texts;
  for (const element& entry : list(key)) {
    std::string_view text;
    if (entry.get(text) != simdjson::SUCCESS) throw wrong(key, "a list of texts", require(key));
    texts.emplace_back(text);
  }
  return texts;
}

std::size_t JsonObject::choice(std::string_view key, const std::vector<std::string>& names,
                               std::size_t otherwise) const {
  const std::optional<std::string> name = text_if(key);
  if (!name) return otherwise;
  const auto at = std::find(names.begin(), names.end(), *name);
  if (at == names.end()) {
    throw plan_error(where_ + ": " + std::string(key) + ": " +
                     base::unknown_name("value", *name, names));
  }
  return static_cast<std::size_t>(at - names.begin());
}

}  // namespace headrace::pipeline
