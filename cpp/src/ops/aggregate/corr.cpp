#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>
#include <headrace/ops/kernel/moments.hpp>

namespace headrace::ops {
namespace {

using record::DType;

// Pearson's correlation of two columns, over rows that have both; NaN where one does not vary.
class CorrAggregate final : public PaneStates<CoMoments> {
 public:
  explicit CorrAggregate(const AggregateArgs& args)
      : PaneStates({{.name = args.name, .type = DType::kFloat64}}),
        x_(args.columns[0]),
        y_(args.columns[1]) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    for_each_pair(
        batch.column(x_), batch.column(y_), rows,
        [states = states()](auto pane, double x, double y, auto) { states[pane].add(x, y); });
  }
  void merge(std::uint32_t into, std::uint32_t from) override { states()[into].add(state(from)); }
  void emit(std::span<const std::uint32_t> panes) override {
    results_.push_each(panes, [this](std::uint32_t pane) { return correlation(state(pane)); });
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  static double correlation(const CoMoments& m) {
    if (m.count < 2 || m.xx == 0 || m.yy == 0) return std::numeric_limits<double>::quiet_NaN();
    return std::clamp(m.xy / (std::sqrt(m.xx) * std::sqrt(m.yy)), -1.0, 1.0);
  }

  std::size_t x_;
  std::size_t y_;
  ResultColumn<double> results_{DType::kFloat64};
};

}  // namespace

base::Result<AggregatePtr> make_corr(AggregateArgs args) {
  return AggregatePtr(std::make_unique<CorrAggregate>(args));
}

}  // namespace headrace::ops
