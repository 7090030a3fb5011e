#include <headrace/ops/indicator_columns.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <utility>

#include <headrace/ops/kernel/gap.hpp>

namespace headrace::ops {
namespace {

using record::DType;

template <class T>
void convert(const record::Column& column, std::span<double> out) {
  const T* values = column.values<T>();
  for (std::size_t row = 0; row < out.size(); ++row) out[row] = static_cast<double>(values[row]);
}

void mark_nulls(const record::Column& column, std::span<double> out) {
  for (std::size_t row = 0; row < out.size(); ++row) {
    if (!column.is_valid(row)) out[row] = kNaN;
  }
}

bool numeric(DType type) noexcept {
  return type == DType::kFloat64 || type == DType::kInt64 || type == DType::kBool;
}

std::string text_of(double value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return {digits, end};
}

base::Error wrong_count(const std::string& name, std::string_view what, std::size_t wanted,
                        std::size_t received) {
  return base::invalid_argument(name + ": expected " + std::to_string(wanted) + " " +
                                std::string(what) + ", got " + std::to_string(received));
}

}  // namespace

IndicatorColumns::IndicatorColumns(std::vector<int> inputs)
    : inputs_(std::move(inputs)), scratch_(inputs_.size()) {}

const double* IndicatorColumns::doubles(const record::RecordBatch& batch, std::size_t i) {
  const record::Column& column = batch.column(static_cast<std::size_t>(inputs_[i]));
  if (column.type == DType::kFloat64 && !column.validity) return column.values<double>();
  std::vector<double>& out = scratch_[i];
  out.resize(batch.rows());
  if (column.type == DType::kFloat64) {
    convert<double>(column, out);
  } else if (column.type == DType::kInt64) {
    convert<std::int64_t>(column, out);
  } else {
    convert<std::uint8_t>(column, out);
  }
  if (column.validity) mark_nulls(column, out);
  return out.data();
}

base::Status check_params(const IndicatorInfo& info, std::span<const double> params) {
  if (params.size() != info.params.size()) {
    return wrong_count(info.name, "parameters", info.params.size(), params.size());
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    const ParamInfo& spec = info.params[i];
    const double value = params[i];
    const bool inside = value >= spec.minimum && value <= spec.maximum;  // false for NaN
    if (inside && (!spec.integer || value == std::floor(value))) continue;
    return base::invalid_argument(info.name + ": " + spec.name + ": expected " +
                                  (spec.integer ? "a whole number" : "a number") + " from " +
                                  text_of(spec.minimum) + " to " + text_of(spec.maximum) +
                                  ", got " + text_of(value));
  }
  return {};
}

base::Status check_args(const IndicatorInfo& info, const IndicatorArgs& args) {
  if (base::Status checked = check_params(info, args.params); !checked) return checked;
  if (args.inputs.size() != info.inputs.size()) {
    return wrong_count(info.name, "input columns", info.inputs.size(), args.inputs.size());
  }
  if (args.outputs.size() != info.outputs.size()) {
    return wrong_count(info.name, "output names", info.outputs.size(), args.outputs.size());
  }
  for (const int input : args.inputs) {
    if (input < 0 || static_cast<std::size_t>(input) >= args.schema->size()) {
      return base::invalid_argument(info.name + ": no column number " + std::to_string(input));
    }
    const record::Field& field = args.schema->fields()[static_cast<std::size_t>(input)];
    if (numeric(field.type)) continue;
    return base::Error{.code = base::ErrorCode::kTypeMismatch,
                       .message = info.name + ": column \"" + field.name + "\" is " +
                                  std::string(record::name_of(field.type)) +
                                  "; expected float64, int64 or bool"};
  }
  return {};
}

base::Result<std::vector<record::SchemaPtr>> schemas_with(const record::Schema& before,
                                                          std::span<const std::string> outputs) {
  std::vector<record::SchemaPtr> schemas;
  const record::Schema* last = &before;
  for (const std::string& name : outputs) {
    base::Result<record::Schema> next = last->with({.name = name, .type = DType::kFloat64});
    if (!next) return next.error();
    schemas.push_back(std::make_shared<const record::Schema>(std::move(*next)));
    last = schemas.back().get();
  }
  return schemas;
}

base::Status check_header(base::ByteReader& reader, std::string_view name,
                          std::span<const double> params) {
  const base::Result<std::string> saved = reader.get_string();
  if (!saved) return saved.error();
  if (*saved != name) return bad_snapshot(name, "belongs to \"" + *saved + "\"");
  const base::Result<std::vector<double>> values = reader.get_vector<double>();
  if (!values) return values.error();
  if (!std::ranges::equal(*values, params)) return bad_snapshot(name, "has other parameters");
  return {};
}

base::Error bad_snapshot(std::string_view name, std::string_view what) {
  return {.code = base::ErrorCode::kCheckpoint,
          .message = "the snapshot for " + std::string(name) + " " + std::string(what)};
}

}  // namespace headrace::ops
