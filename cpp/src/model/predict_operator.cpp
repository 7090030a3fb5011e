#include <headrace/model/predict_operator.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

#include <headrace/model/windows.hpp>

namespace headrace::model {
namespace {

using record::Column;
using record::DType;
using record::RecordBatch;

constexpr std::size_t kWindowsACall = 1024;  // bounds the memory of unrolled windows

// One input column into every `width`-th float; rows without a value are marked incomplete.
template <class T>
void copy_values(const Column& column, std::size_t rows, std::size_t width, float* out) {
  const T* values = column.values<T>();
  for (std::size_t i = 0; i < rows; ++i) out[i * width] = static_cast<float>(values[i]);
}

void mark_incomplete(const Column& column, std::size_t rows, std::uint8_t* complete) {
  if (column.type == DType::kFloat64) {
    const auto* values = column.values<double>();
    for (std::size_t i = 0; i < rows; ++i) complete[i] = complete[i] != 0 && values[i] == values[i];
  }
  if (column.validity) {
    for (std::size_t i = 0; i < rows; ++i) complete[i] = complete[i] != 0 && column.is_valid(i);
  }
}

void copy_column(const Column& column, std::size_t rows, std::size_t width, float* out) {
  switch (column.type) {
    case DType::kFloat64:
      return copy_values<double>(column, rows, width, out);
    case DType::kInt64:
      return copy_values<std::int64_t>(column, rows, width, out);
    default:
      return copy_values<std::uint8_t>(column, rows, width, out);
  }
}

class PredictOperator final : public ops::Operator {
 public:
  PredictOperator(PredictArgs args, record::SchemaPtr output)
      : args_(std::move(args)),
        output_(std::move(output)),
        windows_(args_.predictor->window(), args_.inputs.size()) {}

  const record::SchemaPtr& output_schema() const noexcept override { return output_; }

  base::Status process(RecordBatch& batch, record::Rejects& /*rejects*/) override {
    const std::size_t rows = batch.rows();
    load_features(batch);
    std::vector<Column> outputs;
    for (std::size_t k = 0; k < args_.outputs.size(); ++k) {
      outputs.push_back(Column::make(DType::kFloat64, rows));
      std::fill_n(outputs.back().mutable_values<double>(), rows,
                  std::numeric_limits<double>::quiet_NaN());
    }
    const base::Status status = args_.predictor->window() == 0 ? predict_rows(rows, outputs)
                                                               : predict_windows(batch, outputs);
    if (!status) return status;
    std::vector<Column> columns = batch.columns();
    columns.insert(columns.end(), std::make_move_iterator(outputs.begin()),
                   std::make_move_iterator(outputs.end()));
    batch.replace_columns(output_, std::move(columns));
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override { windows_.snapshot(writer); }
  base::Status restore(base::ByteReader& reader) override { return windows_.restore(reader); }

 private:
  void load_features(const RecordBatch& batch) {
    const std::size_t rows = batch.rows();
    const std::size_t width = args_.inputs.size();
    ensure(features_, rows * width);
    complete_.assign(rows, 1);
    for (std::size_t c = 0; c < width; ++c) {
      const Column& column = batch.column(static_cast<std::size_t>(args_.inputs[c]));
      copy_column(column, rows, width, features_->as<float>() + c);
      mark_incomplete(column, rows, complete_.data());
    }
  }

  base::Status predict_rows(std::size_t rows, std::vector<Column>& outputs) {
    const std::size_t width = args_.inputs.size();
    auto* features = features_->as<float>();
    rows_.clear();
    for (std::size_t i = 0; i < rows; ++i) {
      if (complete_[i] == 0) continue;
      if (rows_.size() != i) {
        std::copy_n(features + i * width, width, features + rows_.size() * width);
      }
      rows_.push_back(static_cast<std::uint32_t>(i));
    }
    return predict(features, outputs);
  }

  base::Status predict_windows(const RecordBatch& batch, std::vector<Column>& outputs) {
    const std::size_t width = args_.inputs.size();
    const std::size_t window_floats = args_.predictor->row_floats();
    ensure(unrolled_, std::min(batch.rows(), kWindowsACall) * window_floats);
    windows_.make_room(batch.key_count);
    rows_.clear();
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const std::uint32_t key = batch.key_id(i);
      if (complete_[i] == 0) {
        windows_.clear(key);
        continue;
      }
      windows_.push(key, features_->as<float>() + i * width);
      if (!windows_.full(key)) continue;
      windows_.copy(key, unrolled_->as<float>() + rows_.size() * window_floats);
      rows_.push_back(static_cast<std::uint32_t>(i));
      if (rows_.size() == kWindowsACall) {
        if (base::Status status = predict(unrolled_->as<float>(), outputs); !status) return status;
        rows_.clear();
      }
    }
    return predict(unrolled_->as<float>(), outputs);
  }

  // The rows in rows_, whose inputs are at `input`, into their places in the output columns.
  base::Status predict(const float* input, std::vector<Column>& outputs) {
    const std::size_t width = outputs.size();
    results_.resize(rows_.size() * width);
    if (base::Status status = args_.predictor->predict(input, rows_.size(), results_.data());
        !status) {
      return status;
    }
    for (std::size_t k = 0; k < width; ++k) {
      auto* values = outputs[k].mutable_values<double>();
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        values[rows_[r]] = static_cast<double>(results_[r * width + k]);
      }
    }
    return {};
  }

  static void ensure(record::BufferPtr& buffer, std::size_t floats) {
    const std::size_t bytes = floats * sizeof(float);
    if (!buffer || buffer->capacity() < bytes) buffer = record::Buffer::allocate(bytes);
  }

  PredictArgs args_;
  record::SchemaPtr output_;
  Windows windows_;
  record::BufferPtr features_;  // rows * inputs
  record::BufferPtr unrolled_;  // windows, oldest row first
  std::vector<std::uint8_t> complete_;
  std::vector<std::uint32_t> rows_;  // being predicted
  std::vector<float> results_;
};

base::Error model_error(std::string message) {
  return {.code = base::ErrorCode::kModel, .message = std::move(message)};
}

base::Status check(const PredictArgs& args) {
  if (!args.predictor) return base::invalid_argument("predict: no model");
  const Predictor& model = *args.predictor;
  if (args.inputs.size() != model.input_width()) {
    return model_error("predict: the model takes " + std::to_string(model.input_width()) +
                       " inputs, got " + std::to_string(args.inputs.size()));
  }
  if (args.outputs.size() != model.output_width()) {
    return model_error("predict: the model gives " + std::to_string(model.output_width()) +
                       " outputs a row, got " + std::to_string(args.outputs.size()) + " names");
  }
  for (const int index : args.inputs) {
    if (index < 0 || static_cast<std::size_t>(index) >= args.schema->size()) {
      return base::invalid_argument("predict: no column with index " + std::to_string(index));
    }
    const record::Field& field = args.schema->fields()[static_cast<std::size_t>(index)];
    if (field.type == DType::kString || field.type == DType::kTimestamp) {
      return base::Error{.code = base::ErrorCode::kTypeMismatch,
                         .message = "predict: input \"" + field.name + "\" is " +
                                    std::string(record::name_of(field.type)) +
                                    "; a model takes float64, int64 or bool columns"};
    }
  }
  return {};
}

}  // namespace

base::Result<ops::OperatorPtr> make_predict_operator(PredictArgs args) {
  if (base::Status status = check(args); !status) return status.error();
  record::Schema schema = *args.schema;
  for (const std::string& name : args.outputs) {
    base::Result<record::Schema> wider =
        schema.with({.name = name, .type = DType::kFloat64, .nullable = false});
    if (!wider) return wider.error();
    schema = std::move(*wider);
  }
  auto output = std::make_shared<const record::Schema>(std::move(schema));
  return ops::OperatorPtr(std::make_unique<PredictOperator>(std::move(args), std::move(output)));
}

}  // namespace headrace::model
