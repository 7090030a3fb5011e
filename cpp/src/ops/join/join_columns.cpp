#include <headrace/ops/join/join_columns.hpp>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

namespace headrace::ops {
namespace {

using record::Field;
using record::Schema;

base::Error error_of(const JoinColumnsArgs& args, base::ErrorCode code, const std::string& what) {
  return {.code = code, .message = std::string(args.who) + ": " + what};
}

base::Result<std::size_t> key_column(const JoinColumnsArgs& args, const Schema& schema,
                                     const std::string& name, std::string_view side) {
  const base::Result<int> index = schema.require(name);
  if (index) return static_cast<std::size_t>(*index);
  return error_of(args, index.error().code, std::string(side) + ": " + index.error().message);
}

base::Status add_key(const JoinColumnsArgs& args, const std::string& name, JoinColumns& columns) {
  const base::Result<std::size_t> left = key_column(args, *args.left, name, "left side");
  if (!left) return left.error();
  const base::Result<std::size_t> right = key_column(args, *args.right, name, "right side");
  if (!right) return right.error();
  const record::DType left_type = args.left->fields()[*left].type;
  const record::DType right_type = args.right->fields()[*right].type;
  if (left_type != right_type) {
    return error_of(args, base::ErrorCode::kTypeMismatch,
                    "column \"" + name + "\" is " + std::string(record::name_of(left_type)) +
                        " on the left side and " + std::string(record::name_of(right_type)) +
                        " on the right");
  }
  if (std::find(columns.left_by.begin(), columns.left_by.end(), *left) != columns.left_by.end()) {
    return error_of(args, base::ErrorCode::kInvalidArgument,
                    "column \"" + name + "\" is named twice");
  }
  columns.left_by.push_back(*left);
  columns.right_by.push_back(*right);
  return {};
}

base::Status add_right_columns(const JoinColumnsArgs& args, JoinColumns& columns,
                               std::vector<Field>& fields) {
  const auto taken = [&fields](const std::string& name) {
    return std::any_of(fields.begin(), fields.end(),
                       [&name](const Field& field) { return field.name == name; });
  };
  for (std::size_t i = 0; i < args.right->size(); ++i) {
    if (std::find(columns.right_by.begin(), columns.right_by.end(), i) != columns.right_by.end()) {
      continue;
    }
    const Field& from = args.right->fields()[i];
    const bool clash = args.left->index_of(from.name) >= 0;
    const std::string name = clash ? from.name + args.suffix : from.name;
    if (taken(name)) {
      return error_of(args, base::ErrorCode::kInvalidArgument,
                      "suffix: there would be two columns \"" + name + "\" with suffix \"" +
                          args.suffix + "\"; give another one");
    }
    fields.push_back({.name = name,
                      .type = from.type,
                      .nullable = from.nullable || args.nullable,
                      .unit = from.unit,
                      .path = {}});
    columns.right_taken.push_back(i);
  }
  return {};
}

std::optional<std::string> name_at(const Schema& schema, int index) {
  if (index < 0) return std::nullopt;
  return schema.fields()[static_cast<std::size_t>(index)].name;
}

}  // namespace

base::Result<JoinColumns> join_columns(const JoinColumnsArgs& args) {
  JoinColumns columns;
  for (const std::string& name : args.by) {
    if (base::Status s = add_key(args, name, columns); !s) return s.error();
  }
  std::vector<Field> fields = args.left->fields();
  if (base::Status s = add_right_columns(args, columns, fields); !s) return s.error();
  columns.output = std::make_shared<const Schema>(
      std::move(fields), name_at(*args.left, args.left->event_time_index()),
      name_at(*args.left, args.left->key_index()));
  return columns;
}

std::vector<std::size_t> all_columns(const Schema& schema) {
  std::vector<std::size_t> columns(schema.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  return columns;
}

}  // namespace headrace::ops
