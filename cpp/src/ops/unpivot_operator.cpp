#include <headrace/ops/unpivot_operator.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include <headrace/record/own_dictionary.hpp>

namespace headrace::ops {
namespace {

using record::Column;
using record::DType;
using record::Field;
using record::RecordBatch;
using record::Schema;

// Columns of the input by place.
struct Places {
  std::vector<std::size_t> on;
  std::vector<std::size_t> index;
};

class UnpivotOperator final : public Operator {
 public:
  UnpivotOperator(record::SchemaPtr schema, Places places, const std::vector<std::string>& names,
                  bool key_is_variable)
      : schema_(std::move(schema)),
        places_(std::move(places)),
        value_type_(schema_->fields().back().type),
        key_is_variable_(key_is_variable) {
    for (const std::string& name : names) name_codes_.push_back(names_->intern(name));
  }

  const record::SchemaPtr& output_schema() const noexcept override { return schema_; }

  base::Status process(RecordBatch& batch, record::Rejects& /*rejects*/) override {
    const std::size_t rows = batch.rows() * places_.on.size();
    if (rows > std::numeric_limits<std::uint32_t>::max()) {
      return base::Error{.code = base::ErrorCode::kUnsupported,
                         .message = "unpivot: " + std::to_string(rows) + " rows in one batch"};
    }
    Column names = names_of(rows);
    Column values = values_of(batch, rows);
    std::vector<Column> columns;
    for (const std::size_t place : places_.index) columns.push_back(batch.column(place));
    batch.replace_columns(schema_, std::move(columns));
    spread(batch, rows);
    batch.add_column(schema_, std::move(names));
    batch.add_column(schema_, std::move(values));
    return {};
  }

  void snapshot(base::ByteWriter& /*writer*/) const override {}
  base::Status restore(base::ByteReader& /*reader*/) override { return {}; }

 private:
  // Each row as often as there are values in it.
  void spread(RecordBatch& batch, std::size_t rows) {
    rows_.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      rows_[i] = static_cast<std::uint32_t>(i / places_.on.size());
    }
    batch.repeat(rows_);
    if (!key_is_variable_) return;
    batch.key_ids = record::Buffer::allocate(rows * sizeof(std::uint32_t));
    auto* ids = batch.key_ids->as<std::uint32_t>();
    for (std::size_t i = 0; i < rows; ++i) {
      ids[i] = static_cast<std::uint32_t>(i % places_.on.size());
    }
    batch.key_count = static_cast<std::uint32_t>(places_.on.size());
  }

  [[nodiscard]] Column names_of(std::size_t rows) const {
    Column column = Column::make(DType::kString, rows);
    column.dictionary = names_;
    auto* codes = column.mutable_values<std::int32_t>();
    for (std::size_t i = 0; i < rows; ++i) codes[i] = name_codes_[i % name_codes_.size()];
    return column;
  }

  [[nodiscard]] Column values_of(const RecordBatch& batch, std::size_t rows) {
    Column column = Column::make(value_type_, rows);
    if (value_type_ == DType::kString && words_.is_full()) words_ = {};  // nobody holds its codes
    for (std::size_t k = 0; k < places_.on.size(); ++k) {
      put(batch.column(places_.on[k]), batch.rows(), k, column);
    }
    column.dictionary = value_type_ == DType::kString ? words_.get() : nullptr;
    return column;
  }

  // The values of one column to every on.size()th row, from row `k` on.
  void put(const Column& from, std::size_t rows, std::size_t k, Column& to) {
    switch (value_type_) {
      case DType::kBool:
        return put_as<std::uint8_t, std::uint8_t>(from, rows, k, to);
      case DType::kInt64:
      case DType::kTimestamp:
        return put_as<std::int64_t, std::int64_t>(from, rows, k, to);
      case DType::kFloat64:
        if (from.type == DType::kInt64) return put_as<std::int64_t, double>(from, rows, k, to);
        return put_as<double, double>(from, rows, k, to);
      case DType::kString:
        return put_as<std::int32_t, std::int32_t>(from, rows, k, to);
    }
  }

  template <class From, class To>
  void put_as(const Column& from, std::size_t rows, std::size_t k, Column& to) {
    const From* in = from.values<From>();
    To* out = to.mutable_values<To>();
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t at = row * places_.on.size() + k;
      const bool present = from.is_valid(row);
      if (!present) to.set_null(at, rows * places_.on.size());
      out[at] = stored(from, in[row], present, To{});
    }
  }

  // Texts have a dictionary a column: they come into one.
  std::int32_t stored(const Column& from, std::int32_t code, bool present, std::int32_t /*to*/) {
    return present ? words_.translate(from.dictionary, code) : -1;
  }
  template <class From, class To>
  static To stored(const Column& from, From value, bool present, To /*to*/) {
    // A null is NaN among floats, but 0 among the integers that become such.
    if (!present && from.type == DType::kInt64 && std::is_same_v<To, double>) {
      return std::numeric_limits<To>::quiet_NaN();
    }
    return static_cast<To>(value);
  }

  record::SchemaPtr schema_;
  Places places_;
  DType value_type_;
  bool key_is_variable_;
  record::DictionaryPtr names_ = std::make_shared<record::Dictionary>();
  std::vector<std::int32_t> name_codes_;
  record::OwnDictionary words_;
  std::vector<std::uint32_t> rows_;
};

base::Error unpivot_error(base::ErrorCode code, const std::string& message) {
  return {.code = code, .message = "unpivot: " + message};
}

base::Result<std::vector<std::size_t>> found(const Schema& schema,
                                             const std::vector<std::string>& names,
                                             const std::string& what) {
  std::vector<std::size_t> places;
  for (const std::string& name : names) {
    const base::Result<int> index = schema.require(name);
    if (!index) return unpivot_error(index.error().code, what + ": " + index.error().message);
    const auto place = static_cast<std::size_t>(*index);
    if (std::find(places.begin(), places.end(), place) != places.end()) {
      return unpivot_error(base::ErrorCode::kInvalidArgument,
                           what + ": column \"" + name + "\" is named twice");
    }
    places.push_back(place);
  }
  return places;
}

bool is_number(DType type) noexcept { return type == DType::kInt64 || type == DType::kFloat64; }

// What the values of all columns `on` can be: their type, or what two of them do not share.
base::Result<Field> value_field(const Schema& schema, const std::vector<std::size_t>& on,
                                const std::string& name) {
  const Field& first = schema.fields()[on.front()];
  Field value{.name = name, .type = first.type, .nullable = false, .unit = {}, .path = {}};
  for (const std::size_t place : on) {
    const Field& field = schema.fields()[place];
    value.nullable = value.nullable || field.nullable;
    if (field.type == value.type) continue;
    if (!is_number(field.type) || !is_number(value.type)) {
      return unpivot_error(
          base::ErrorCode::kTypeMismatch,
          "on: columns of one type, or int64 and float64, can be in one column of values; got \"" +
              first.name + "\" of " + std::string(name_of(first.type)) + " and \"" + field.name +
              "\" of " + std::string(name_of(field.type)));
    }
    value.type = DType::kFloat64;
  }
  return value;
}

std::optional<std::string> name_at(const Schema& schema, int index) {
  if (index < 0) return std::nullopt;
  return schema.fields()[static_cast<std::size_t>(index)].name;
}

bool contains(const std::vector<std::string>& names, const std::optional<std::string>& name) {
  return name && std::find(names.begin(), names.end(), *name) != names.end();
}

// The key after the step: the new column, or the old one, which must be there.
base::Result<std::optional<std::string>> key_of(const UnpivotArgs& args) {
  if (args.key_is_variable) return std::optional(args.variable_name);
  const std::optional<std::string> key = name_at(*args.schema, args.schema->key_index());
  if (!key || contains(args.index, key)) return key;
  return unpivot_error(base::ErrorCode::kInvalidArgument,
                       "index: the key \"" + *key +
                           "\" must be in it, unless the names of the columns become the key: "
                           "key=\"" +
                           args.variable_name + "\"");
}

base::Result<Schema> output_of(const UnpivotArgs& args, const Places& places) {
  base::Result<Field> value = value_field(*args.schema, places.on, args.value_name);
  if (!value) return value.error();
  base::Result<std::optional<std::string>> key = key_of(args);
  if (!key) return key.error();
  std::vector<Field> fields;
  for (const std::size_t place : places.index) fields.push_back(args.schema->fields()[place]);
  fields.push_back({.name = args.variable_name, .type = DType::kString});
  fields.push_back(std::move(*value));
  std::optional<std::string> time = name_at(*args.schema, args.schema->event_time_index());
  if (!contains(args.index, time)) time.reset();
  try {
    return Schema(std::move(fields), std::move(time), std::move(*key));
  } catch (const base::Exception& exception) {
    return unpivot_error(exception.error().code, exception.error().message);
  }
}

}  // namespace

base::Result<OperatorPtr> make_unpivot_operator(const UnpivotArgs& args) {
  if (args.on.empty()) {
    return unpivot_error(base::ErrorCode::kInvalidArgument, "on: expected at least one column");
  }
  base::Result<std::vector<std::size_t>> on = found(*args.schema, args.on, "on");
  if (!on) return on.error();
  base::Result<std::vector<std::size_t>> index = found(*args.schema, args.index, "index");
  if (!index) return index.error();
  Places places{.on = std::move(*on), .index = std::move(*index)};
  base::Result<Schema> output = output_of(args, places);
  if (!output) return output.error();
  return OperatorPtr(
      std::make_unique<UnpivotOperator>(std::make_shared<const Schema>(std::move(*output)),
                                        std::move(places), args.on, args.key_is_variable));
}

}  // namespace headrace::ops
