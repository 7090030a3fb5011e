#include <headrace/record/schema.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <headrace/base/nearest.hpp>

namespace headrace::record {
namespace {

struct TypeInfo {
  DType type;
  std::string_view name;
  std::size_t width;
};
constexpr std::array<TypeInfo, 5> kTypes{{{DType::kBool, "bool", 1},
                                          {DType::kInt64, "int64", 8},
                                          {DType::kFloat64, "float64", 8},
                                          {DType::kString, "string", 4},
                                          {DType::kTimestamp, "timestamp", 8}}};

base::Error schema_error(std::string message) {
  return {.code = base::ErrorCode::kSchema, .message = std::move(message)};
}

int find(const std::vector<Field>& fields, std::string_view name) noexcept {
  const auto at =
      std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
  return at == fields.end() ? -1 : static_cast<int>(at - fields.begin());
}

std::vector<std::string> names_of(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

int require_index(const std::vector<Field>& fields, std::string_view name, std::string_view role) {
  const int index = find(fields, name);
  if (index >= 0) return index;
  throw base::Exception(schema_error(std::string(role) + ": " +
                                     base::unknown_name("column", name, names_of(fields))));
}

}  // namespace

std::string_view name_of(DType type) noexcept {
  return kTypes[static_cast<std::size_t>(type)].name;
}

std::size_t width_of(DType type) noexcept { return kTypes[static_cast<std::size_t>(type)].width; }

base::Result<DType> dtype_from_name(std::string_view name) {
  std::vector<std::string> names;
  for (const TypeInfo& entry : kTypes) {
    if (entry.name == name) return entry.type;
    names.emplace_back(entry.name);
  }
  return schema_error(base::unknown_name("type", name, names));
}

Schema::Schema(std::vector<Field> fields, std::optional<std::string> event_time,
               std::optional<std::string> key)
    : fields_(std::move(fields)) {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    Field& field = fields_[i];
    if (field.path.empty()) field.path = {field.name};
    if (find(fields_, field.name) != static_cast<int>(i)) {
      throw base::Exception(schema_error("column \"" + field.name + "\" is named twice"));
    }
  }
  if (event_time) {
    event_time_ = require_index(fields_, *event_time, "event_time");
    const Field& field = fields_[static_cast<std::size_t>(event_time_)];
    if (field.type != DType::kTimestamp || field.nullable) {
      throw base::Exception(schema_error("event_time: column \"" + field.name +
                                         "\" must be a timestamp that is not nullable, got " +
                                         std::string(name_of(field.type)) +
                                         (field.nullable ? " (nullable)" : "")));
    }
  }
  if (key) {
    key_ = require_index(fields_, *key, "key");
    const Field& field = fields_[static_cast<std::size_t>(key_)];
    const bool usable =
        (field.type == DType::kString && !field.is_list()) || field.type == DType::kInt64;
    if (!usable || field.nullable) {
      throw base::Exception(
          schema_error("key: column \"" + field.name +
                       "\" must be a string or int64 that is not nullable, got " +
                       (field.is_list() ? "list" : std::string(name_of(field.type))) +
                       (field.nullable ? " (nullable)" : "")));
    }
  }
}

int Schema::index_of(std::string_view name) const noexcept { return find(fields_, name); }

base::Result<int> Schema::require(std::string_view name) const {
  const int index = find(fields_, name);
  if (index >= 0) return index;
  return base::Error{.code = base::ErrorCode::kUnknownColumn,
                     .message = base::unknown_name("column", name, names_of(fields_))};
}

base::Result<Schema> Schema::with(Field field) const {
  if (find(fields_, field.name) >= 0) {
    return schema_error("column \"" + field.name + "\" is there already");
  }
  Schema copy = *this;
  if (field.path.empty()) field.path = {field.name};
  copy.fields_.push_back(std::move(field));
  return copy;
}

base::Result<Schema> Schema::select(const std::vector<std::string>& names) const {
  Schema picked;
  for (const std::string& name : names) {
    base::Result<int> index = require(name);
    if (!index) return index.error();
    if (find(picked.fields_, name) >= 0) {
      return schema_error("column \"" + name + "\" is selected twice");
    }
    const auto position = static_cast<int>(picked.fields_.size());
    if (*index == event_time_) picked.event_time_ = position;
    if (*index == key_) picked.key_ = position;
    picked.fields_.push_back(fields_[static_cast<std::size_t>(*index)]);
  }
  return picked;
}

}  // namespace headrace::record
