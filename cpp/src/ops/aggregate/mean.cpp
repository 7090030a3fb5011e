#include <limits>
#include <utility>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>
#include <headrace/ops/kernel/compensated_sum.hpp>
#include <headrace/ops/kernel/counted.hpp>
#include <headrace/ops/kernel/exact_sum.hpp>

namespace headrace::ops {
namespace {

using record::DType;

template <class Sum>
struct Mean {
  Sum sum;
  std::int64_t count = 0;

  [[nodiscard]] bool consistent() const noexcept {
    if constexpr (requires { sum.consistent(); }) {
      if (!sum.consistent()) return false;
    }
    return is_count(count);
  }
};

double real(const CompensatedSum& sum) { return sum.value(); }
double real(const ExactSum& sum) { return sum.as_real(); }

// NaN where there is no value.
template <class T, class Sum>
class MeanAggregate final : public PaneStates<Mean<Sum>> {
 public:
  explicit MeanAggregate(const AggregateArgs& args)
      : PaneStates<Mean<Sum>>({{.name = args.name, .type = DType::kFloat64}}),
        column_(args.columns[0]) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    for_each_value<T>(batch.column(column_), rows, [states = this->states()](auto pane, T x, auto) {
      states[pane].sum.add(x);
      ++states[pane].count;
    });
  }
  void merge(std::uint32_t into, std::uint32_t from) override {
    this->states()[into].sum.add(this->state(from).sum);
    this->states()[into].count += this->state(from).count;
  }
  void emit(std::span<const std::uint32_t> panes) override {
    results_.push_each(panes, [this](std::uint32_t pane) {
      const Mean<Sum>& mean = this->state(pane);
      return mean.count == 0 ? std::numeric_limits<double>::quiet_NaN()
                             : real(mean.sum) / static_cast<double>(mean.count);
    });
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  std::size_t column_;
  ResultColumn<double> results_{DType::kFloat64};
};

}  // namespace

base::Result<AggregatePtr> make_mean(AggregateArgs args) {
  switch (args.column(0).type) {
    case DType::kFloat64:
      return AggregatePtr(std::make_unique<MeanAggregate<double, CompensatedSum>>(args));
    case DType::kBool:
      return AggregatePtr(std::make_unique<MeanAggregate<std::uint8_t, ExactSum>>(args));
    default:
      return AggregatePtr(std::make_unique<MeanAggregate<std::int64_t, ExactSum>>(args));
  }
}

}  // namespace headrace::ops
