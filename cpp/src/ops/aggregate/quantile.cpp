#include <string>
#include <utility>
#include <vector>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>
#include <headrace/ops/kernel/quantile_sketch.hpp>

namespace headrace::ops {
namespace {

using record::DType;

class QuantileAggregate final : public Aggregate {
 public:
  explicit QuantileAggregate(const AggregateArgs& args)
      : fields_({{.name = args.name, .type = DType::kFloat64}}),
        column_(args.columns[0]),
        q_(args.params[0]) {}

  const std::vector<record::Field>& fields() const noexcept override { return fields_; }
  void resize(std::size_t panes) override { sketches_.resize(panes); }
  void clear(Panes panes) override {
    for (const std::uint32_t pane : panes) sketches_[pane] = {};
  }
  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    for_each_number(batch.column(column_), rows,
                    [this](auto pane, double x, auto) { sketches_[pane].add(x); });
  }
  void merge(std::uint32_t into, std::uint32_t from) override {
    sketches_[into].add(sketches_[from]);
  }
  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) results_.push(sketches_[pane].quantile(q_));
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }
  void snapshot(base::ByteWriter& writer, std::uint32_t pane) const override {
    sketches_[pane].snapshot(writer);
  }
  base::Status restore(base::ByteReader& reader, std::uint32_t pane) override {
    return sketches_[pane].restore(reader);
  }

 private:
  std::vector<record::Field> fields_;
  std::size_t column_;
  double q_;
  std::vector<QuantileSketch> sketches_;
  ResultColumn<double> results_{DType::kFloat64};
};

}  // namespace

base::Result<AggregatePtr> make_quantile(AggregateArgs args) {
  if (!(args.params[0] >= 0 && args.params[0] <= 1)) {
    return base::invalid_argument("q: expected a number from 0 to 1, got " +
                                  std::to_string(args.params[0]));
  }
  return AggregatePtr(std::make_unique<QuantileAggregate>(args));
}

}  // namespace headrace::ops
