#include <limits>
#include <utility>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>
#include <headrace/ops/kernel/compensated_sum.hpp>

namespace headrace::ops {
namespace {

using record::DType;

struct Vwap {
  CompensatedSum turnover;
  CompensatedSum volume;
};

// Price weighted by volume: sum(p * v) / sum(v) over rows that have both; NaN where no volume is.
class VwapAggregate final : public PaneStates<Vwap> {
 public:
  explicit VwapAggregate(const AggregateArgs& args)
      : PaneStates({{.name = args.name, .type = DType::kFloat64}}),
        price_(args.columns[0]),
        volume_(args.columns[1]) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    for_each_pair(batch.column(price_), batch.column(volume_), rows,
                  [states = states()](auto pane, double price, double volume, auto) {
                    states[pane].turnover.add(price * volume);
                    states[pane].volume.add(volume);
                  });
  }
  void merge(std::uint32_t into, std::uint32_t from) override {
    states()[into].turnover.add(state(from).turnover);
    states()[into].volume.add(state(from).volume);
  }
  void emit(std::span<const std::uint32_t> panes) override {
    results_.push_each(panes, [this](std::uint32_t pane) {
      const double volume = state(pane).volume.value();
      return volume == 0 ? std::numeric_limits<double>::quiet_NaN()
                         : state(pane).turnover.value() / volume;
    });
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  std::size_t price_;
  std::size_t volume_;
  ResultColumn<double> results_{DType::kFloat64};
};

}  // namespace

base::Result<AggregatePtr> make_vwap(AggregateArgs args) {
  return AggregatePtr(std::make_unique<VwapAggregate>(args));
}

}  // namespace headrace::ops
