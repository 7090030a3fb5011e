#include <headrace/ops/filter_operator.hpp>

#include <utility>
#include <vector>

#include <headrace/ops/condition.hpp>

namespace headrace::ops {
namespace {

class FilterOperator final : public Operator {
 public:
  FilterOperator(record::SchemaPtr schema, Condition condition)
      : schema_(std::move(schema)), condition_(std::move(condition)) {}

  const record::SchemaPtr& output_schema() const noexcept override { return schema_; }

  base::Status process(record::RecordBatch& batch, record::Rejects& /*rejects*/) override {
    condition_.evaluate(batch);
    if (condition_.holds_everywhere()) return {};
    kept_.resize(batch.rows());
    std::size_t count = 0;
    for (std::size_t row = 0; row < batch.rows(); ++row) {  // without a branch: half may go
      kept_[count] = static_cast<std::uint32_t>(row);
      count += condition_.holds(row) ? 1 : 0;
    }
    kept_.resize(count);
    batch.gather(kept_);
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override { condition_.snapshot(writer); }
  base::Status restore(base::ByteReader& reader) override { return condition_.restore(reader); }

 private:
  record::SchemaPtr schema_;
  Condition condition_;
  std::vector<std::uint32_t> kept_;
};

}  // namespace

base::Result<OperatorPtr> make_filter_operator(record::SchemaPtr schema,
                                               const validate::Expression& condition) {
  base::Result<Condition> compiled = Condition::compile("filter", condition, *schema);
  if (!compiled) return compiled.error();
  return OperatorPtr(std::make_unique<FilterOperator>(std::move(schema), std::move(*compiled)));
}

}  // namespace headrace::ops
