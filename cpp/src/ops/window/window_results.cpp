#include <headrace/ops/window/window_results.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace headrace::ops {
namespace {

using record::Column;
using record::DType;
using record::Field;

// The stream's key where it is one of the group's columns, else the first that can be a key.
std::optional<std::string> key_of(const record::Schema& input,
                                  const std::vector<std::size_t>& group) {
  std::optional<std::string> first;
  for (const std::size_t index : group) {
    const Field& field = input.fields()[index];
    if (static_cast<int>(index) == input.key_index()) return field.name;
    const bool can_be = field.type == DType::kString || field.type == DType::kInt64;
    if (!first && can_be && !field.nullable) first = field.name;
  }
  return first;
}

template <class T, class Get>
record::BufferPtr filled(const std::vector<WindowResult>& results, Get get) {
  record::BufferPtr buffer = record::Buffer::allocate(results.size() * sizeof(T));
  std::transform(results.begin(), results.end(), buffer->as<T>(), get);
  return buffer;
}

Column plain(DType type, record::BufferPtr data) {
  return {.type = type, .data = std::move(data), .validity = {}, .dictionary = {}};
}

}  // namespace

base::Result<WindowResults> WindowResults::make(const record::Schema& input,
                                                const std::vector<std::size_t>& group,
                                                std::vector<Field> aggregates, Names names) {
  std::vector<Field> fields;
  for (const std::size_t index : group) {
    Field field = input.fields()[index];
    field.path.clear();
    fields.push_back(std::move(field));
  }
  fields.push_back({.name = names.start, .type = DType::kTimestamp});
  if (!names.end.empty()) fields.push_back({.name = names.end, .type = DType::kTimestamp});
  fields.insert(fields.end(), aggregates.begin(), aggregates.end());
  if (!names.is_final.empty()) fields.push_back({.name = names.is_final, .type = DType::kBool});
  for (auto field = fields.begin(); field != fields.end(); ++field) {
    const auto same = [&](const Field& other) { return other.name == field->name; };
    if (field->name.empty() || std::any_of(fields.begin(), field, same)) {
      return base::Error{.code = base::ErrorCode::kSchema,
                         .message = "agg: column \"" + field->name +
                                    "\" would be there twice; give the aggregate another name"};
    }
  }
  WindowResults made;
  made.group_columns_ = group.size();
  made.schema_ =
      std::make_shared<const record::Schema>(std::move(fields), names.start, key_of(input, group));
  made.names_ = std::move(names);
  return made;
}

void WindowResults::write(record::RecordBatch& batch, const GroupIndex& groups, PaneSet& panes) {
  std::vector<std::uint32_t> ids(results_.size());
  std::transform(results_.begin(), results_.end(), ids.begin(),
                 [](const WindowResult& result) { return result.group; });
  std::vector<Column> columns;
  for (std::size_t c = 0; c < group_columns_; ++c) columns.push_back(groups.values(c, ids));
  record::BufferPtr starts =
      filled<std::int64_t>(results_, [](const WindowResult& r) { return r.start; });
  columns.push_back(plain(DType::kTimestamp, starts));
  if (!names_.end.empty()) {
    columns.push_back(plain(DType::kTimestamp,
                            filled<std::int64_t>(results_, [](const auto& r) { return r.end; })));
  }
  panes.take(columns);
  if (!names_.is_final.empty()) {
    columns.push_back(plain(DType::kBool, filled<std::uint8_t>(results_, [](const auto& r) {
                              return r.is_final ? std::uint8_t{1} : std::uint8_t{0};
                            })));
  }
  record::RecordBatch made(schema_, results_.size(), std::move(columns));
  made.task = batch.task;
  made.epoch = batch.epoch;
  made.next_offset = batch.next_offset;
  made.ingest_steady_ns = batch.ingest_steady_ns;
  made.offsets = filled<std::int64_t>(results_, [](const auto& r) { return r.offset; });
  made.event_times = std::move(starts);
  made.key_ids = filled<std::uint32_t>(results_, [](const auto& r) { return r.key; });
  made.key_count = std::max<std::uint32_t>(1, groups.next_serial());
  batch = std::move(made);
  results_.clear();
}

}  // namespace headrace::ops
