#include <headrace/record/column_import.hpp>

#include <array>
#include <charconv>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <utility>

namespace headrace::record {
namespace {

std::string dotted(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& key : path) text += (text.empty() ? "" : ".") + key;
  return text;
}

int find(const ForeignTable& table, const std::string& name) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

std::string_view expected(DType type) {
  switch (type) {
    case DType::kFloat64:
      return "a number";
    case DType::kInt64:
      return "a whole number";
    case DType::kBool:
      return "true or false";
    case DType::kString:
      return "text";
    case DType::kTimestamp:
      break;
  }
  return "a timestamp";
}

std::string shown(const ForeignValue& value) {
  return std::visit(
      []<class T>(const T& x) -> std::string {
        if constexpr (std::is_same_v<T, std::monostate>) {
          return "null";
        } else if constexpr (std::is_same_v<T, bool>) {
          return x ? "true" : "false";
        } else if constexpr (std::is_same_v<T, ForeignTime>) {
          return std::to_string(x.ns) + " ns";
        } else if constexpr (std::is_same_v<T, std::string_view>) {
          constexpr std::size_t kShown = 60;  // enough to recognise it; the row has it all
          return "\"" + std::string(x.substr(0, kShown)) + (x.size() > kShown ? "...\"" : "\"");
        } else {
          std::array<char, 32> text{};
          const auto end = std::to_chars(text.data(), text.data() + text.size(), x).ptr;
          return {text.data(), end};
        }
      },
      value);
}

}  // namespace

ColumnImporter::ColumnImporter(SchemaPtr schema, TimeParser parse_time)
    : schema_(std::move(schema)),
      parse_time_(std::move(parse_time)),
      sources_(schema_->size(), kAbsent),
      dictionaries_(schema_->size()) {
  for (std::size_t i = 0; i < schema_->size(); ++i) {
    if (schema_->fields()[i].type == DType::kString) {
      dictionaries_[i] = std::make_shared<Dictionary>();
    }
  }
}

base::Status ColumnImporter::bind(const ForeignTable& table) {
  for (std::size_t i = 0; i < schema_->size(); ++i) {
    const Field& field = schema_->fields()[i];
    sources_[i] = find(table, field.name);
    if (sources_[i] == kAbsent) sources_[i] = find(table, dotted(field.path));
    if (sources_[i] == kAbsent) continue;
    if (base::Status status = check_cast(field, *source_of(i, table), parse_time_ != nullptr);
        !status) {
      return status;
    }
  }
  return {};
}

RecordBatch ColumnImporter::rows(const ForeignTable& table, std::size_t first, std::size_t n,
                                 std::int64_t first_offset, Rejects& rejects) {
  renew_dictionaries();
  RowMarks marks(n);
  std::vector<Column> columns;
  columns.reserve(schema_->size());
  for (std::size_t i = 0; i < schema_->size(); ++i) {
    const Field& field = schema_->fields()[i];
    const ForeignColumn* source = source_of(i, table);
    if (source == nullptr) {
      columns.push_back(null_column(field.type, n, dictionaries_[i]));
      for (std::size_t row = 0; row < n && !field.nullable; ++row) {
        marks.set(row, i, RejectReason::kMissingField);
      }
    } else {
      columns.push_back(cast(field, i, *source, first, n, dictionaries_[i], parse_time_, marks));
    }
  }
  RecordBatch batch(schema_, n, std::move(columns));
  batch.offsets = Buffer::allocate(n * sizeof(std::int64_t));
  std::iota(batch.offsets->as<std::int64_t>(), batch.offsets->as<std::int64_t>() + n, first_offset);
  batch.next_offset = first_offset + static_cast<std::int64_t>(n);
  if (marks.any()) {
    std::vector<std::uint32_t> kept;
    for (std::size_t row = 0; row < n; ++row) {
      if (marks[row].field < 0) {
        kept.push_back(static_cast<std::uint32_t>(row));
        continue;
      }
      rejects.push_back(reject_of(table, first + row, marks[row]));
      rejects.back().offset = first_offset + static_cast<std::int64_t>(row);
    }
    batch.gather(kept);
  }
  const int event_time = schema_->event_time_index();
  if (event_time >= 0) batch.event_times = batch.column(static_cast<std::size_t>(event_time)).data;
  return batch;
}

Reject ColumnImporter::reject_of(const ForeignTable& table, std::size_t row,
                                 const RowMarks::Mark& mark) const {
  const auto index = static_cast<std::size_t>(mark.field);
  const Field& field = schema_->fields()[index];
  Reject reject;
  reject.reason = mark.reason;
  reject.field = field.name;
  reject.detail = "field \"" + field.name + "\"";
  if (mark.reason == RejectReason::kMissingField) {
    reject.detail += " is missing";
  } else if (mark.reason == RejectReason::kNull) {
    reject.detail += " is null";
  } else {
    const ForeignColumn& column = *source_of(index, table);
    reject.detail += ": expected ";
    reject.detail += expected(field.type);
    if (mark.reason == RejectReason::kNumberRange) reject.detail += " of 64 bits";
    if (mark.reason == RejectReason::kNonFinite) reject.detail += " that is finite";
    if (mark.reason == RejectReason::kTimeRange) reject.detail += " from 1677-09-21 to 2262-04-11";
    reject.detail += ", got " + shown(value_at(column, row));
  }
  return reject;
}

void ColumnImporter::renew_dictionaries() {
  for (DictionaryPtr& words : dictionaries_) {
    if (words && words->memory() > kDictionaryCap) words = std::make_shared<Dictionary>();
  }
}

}  // namespace headrace::record
