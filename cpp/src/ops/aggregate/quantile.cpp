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

class QuantileAggregate final : public PaneSketches<QuantileSketch> {
 public:
  explicit QuantileAggregate(const AggregateArgs& args)
      : PaneSketches({{.name = args.name, .type = DType::kFloat64}}),
        column_(args.columns[0]),
        q_(args.params[0]) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    for_each_number(batch.column(column_), rows,
                    [this](auto pane, double x, auto) { sketch(pane).add(x); });
  }
  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) results_.push(sketch(pane).quantile(q_));
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  std::size_t column_;
  double q_;
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
