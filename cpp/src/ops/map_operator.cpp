#include <headrace/ops/map_operator.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <headrace/ops/row_keys.hpp>

namespace headrace::ops {
namespace {

using record::RecordBatch;

base::Error map_error(base::ErrorCode code, const std::string& message) {
  return {.code = code, .message = "map_batches: " + message};
}

// Which rows a batch has, for messages; a step before may have put them in another order.
std::string place_of(const RecordBatch& batch) {
  const auto offsets = batch.offset_values();
  if (offsets.empty()) return {};
  const auto [first, last] = std::minmax_element(offsets.begin(), offsets.end());
  return " (partition " + std::to_string(batch.origin(0).partition) + ", offsets " +
         std::to_string(*first) + " to " + std::to_string(*last) + ")";
}

class MapOperator final : public Operator {
 public:
  explicit MapOperator(MapArgs args)
      : schema_(std::move(args.output)), function_(std::move(args.function)), keys_(*schema_) {}

  const record::SchemaPtr& output_schema() const noexcept override { return schema_; }

  base::Status process(RecordBatch& batch, record::Rejects& /*rejects*/) override {
    if (batch.rows() == 0) {
      replace(batch, RecordBatch(schema_, 0, empty_columns()));
      return {};
    }
    base::Result<RecordBatch> made = function_->call(std::make_shared<const RecordBatch>(batch));
    if (!made) {
      base::Error error = made.error();
      if (error.code == base::ErrorCode::kCancelled) return error;
      return map_error(error.code, error.message + place_of(batch));
    }
    if (made->columns().size() != schema_->size()) {
      return map_error(base::ErrorCode::kInternal, "got " + std::to_string(made->columns().size()) +
                                                       " columns instead of " +
                                                       std::to_string(schema_->size()));
    }
    replace(batch, std::move(*made));
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override { keys_.snapshot(writer); }
  base::Status restore(base::ByteReader& reader) override { return keys_.restore(reader); }

 private:
  [[nodiscard]] std::vector<record::Column> empty_columns() const {
    std::vector<record::Column> columns;
    for (const record::Field& field : schema_->fields()) {
      columns.push_back(record::Column::make(field.type, 0));
      if (field.type == record::DType::kString) {
        columns.back().dictionary = std::make_shared<record::Dictionary>();
      }
    }
    return columns;
  }

  // The rows of `made` take the place of those of `batch`.
  void replace(RecordBatch& batch, RecordBatch made) {
    made.replace_columns(schema_, made.columns());
    made.task = batch.task;
    made.epoch = batch.epoch;
    made.next_offset = batch.next_offset;
    made.ingest_steady_ns = batch.ingest_steady_ns;
    const bool as_many = made.rows() == batch.rows();
    made.offsets = as_many ? batch.offsets : last_offset(batch, made.rows());
    made.origins = as_many ? batch.origins : last_origin(batch, made.rows());
    made.deleted = as_many ? batch.deleted : nullptr;
    const int time = schema_->event_time_index();
    made.event_times = time < 0 ? nullptr : made.column(static_cast<std::size_t>(time)).data;
    made.key_ids = nullptr;
    keys_.assign(made);
    batch = std::move(made);
  }

  static record::BufferPtr last_offset(const RecordBatch& batch, std::size_t rows) {
    if (!batch.offsets) return nullptr;
    record::BufferPtr offsets = record::Buffer::allocate(rows * sizeof(std::int64_t));
    std::fill_n(offsets->as<std::int64_t>(), rows, batch.offset_values().back());
    return offsets;
  }

  static record::BufferPtr last_origin(const RecordBatch& batch, std::size_t rows) {
    if (!batch.origins || batch.rows() == 0) return nullptr;
    record::BufferPtr origins = record::Buffer::allocate(rows * sizeof(record::TaskId));
    std::fill_n(origins->as<record::TaskId>(), rows, batch.origin(batch.rows() - 1));
    return origins;
  }

  record::SchemaPtr schema_;
  std::shared_ptr<BatchFunction> function_;
  RowKeys keys_;
};

}  // namespace

base::Result<OperatorPtr> make_map_operator(MapArgs args) {
  if (!args.function) return map_error(base::ErrorCode::kInvalidArgument, "there is no function");
  return OperatorPtr(std::make_unique<MapOperator>(std::move(args)));
}

}  // namespace headrace::ops
