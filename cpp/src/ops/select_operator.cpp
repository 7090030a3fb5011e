#include <headrace/ops/select_operator.hpp>

#include <utility>

namespace headrace::ops {
namespace {

class SelectOperator final : public Operator {
 public:
  SelectOperator(record::SchemaPtr schema, std::vector<std::size_t> picked)
      : schema_(std::move(schema)), picked_(std::move(picked)) {}

  const record::SchemaPtr& output_schema() const noexcept override { return schema_; }

  base::Status process(record::RecordBatch& batch, record::Rejects& /*rejects*/) override {
    std::vector<record::Column> columns;
    columns.reserve(picked_.size());
    for (const std::size_t index : picked_) columns.push_back(std::move(batch.column(index)));
    batch.replace_columns(schema_, std::move(columns));
    return {};
  }

  void snapshot(base::ByteWriter& /*writer*/) const override {}
  base::Status restore(base::ByteReader& /*reader*/) override { return {}; }

 private:
  record::SchemaPtr schema_;
  std::vector<std::size_t> picked_;  // each once: Schema::select refuses repetitions
};

}  // namespace

base::Result<OperatorPtr> make_select_operator(const record::SchemaPtr& schema,
                                               const std::vector<std::string>& names) {
  if (names.empty()) return base::invalid_argument("select: expected at least one column name");
  base::Result<record::Schema> selected = schema->select(names);
  if (!selected) {
    base::Error error = selected.error();
    error.message = "select: " + error.message;
    return error;
  }
  std::vector<std::size_t> picked;
  for (const std::string& name : names) {
    picked.push_back(static_cast<std::size_t>(schema->index_of(name)));
  }
  auto output = std::make_shared<const record::Schema>(std::move(*selected));
  return OperatorPtr(std::make_unique<SelectOperator>(std::move(output), std::move(picked)));
}

}  // namespace headrace::ops
