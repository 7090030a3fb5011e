#include <headrace/ops/kernel/moments.hpp>

#include <cmath>
#include <limits>
#include <utility>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>

namespace headrace::ops {
namespace {

using record::DType;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double variance(const Moments2& m, double ddof) {
  return m.count > ddof ? m.m2 / (m.count - ddof) : kNaN;
}
double deviation(const Moments2& m, double ddof) { return std::sqrt(variance(m, ddof)); }

// The sample's skewness without bias (G1 of Joanes and Gill 1998), as in pandas.
double skewness(const Moments4& m, double /*ddof*/) {
  if (m.count < 3) return kNaN;
  if (m.m2 == 0) return 0;
  const double n = m.count;
  return n * std::sqrt(n - 1) / (n - 2) * m.m3 / (m.m2 * std::sqrt(m.m2));
}

// Excess kurtosis without bias (G2 of the same), as in pandas.
double kurtosis(const Moments4& m, double /*ddof*/) {
  if (m.count < 4) return kNaN;
  if (m.m2 == 0) return 0;
  const double n = m.count;
  const double scale = (n - 2) * (n - 3);
  return n * (n + 1) * (n - 1) / scale * m.m4 / (m.m2 * m.m2) - 3 * (n - 1) * (n - 1) / scale;
}

template <class Moments, double (*kFinish)(const Moments&, double)>
class MomentsAggregate final : public PaneStates<Moments> {
 public:
  explicit MomentsAggregate(const AggregateArgs& args)
      : PaneStates<Moments>({{.name = args.name, .type = DType::kFloat64}}),
        column_(args.columns[0]),
        ddof_(args.params.empty() ? 0 : args.params[0]) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    for_each_number(batch.column(column_), rows,
                    [states = this->states()](auto pane, double x, auto) { states[pane].add(x); });
  }
  void merge(std::uint32_t into, std::uint32_t from) override {
    this->states()[into].add(this->state(from));
  }
  void emit(std::span<const std::uint32_t> panes) override {
    results_.push_each(panes,
                       [this](std::uint32_t pane) { return kFinish(this->state(pane), ddof_); });
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  std::size_t column_;
  double ddof_;
  ResultColumn<double> results_{DType::kFloat64};
};

base::Status check_ddof(const AggregateArgs& args) {
  if (args.params[0] >= 0) return {};
  return base::invalid_argument("ddof: expected a number from 0");
}

}  // namespace

base::Result<AggregatePtr> make_var(AggregateArgs args) {
  if (base::Status status = check_ddof(args); !status) return status.error();
  return AggregatePtr(std::make_unique<MomentsAggregate<Moments2, &variance>>(args));
}
base::Result<AggregatePtr> make_std(AggregateArgs args) {
  if (base::Status status = check_ddof(args); !status) return status.error();
  return AggregatePtr(std::make_unique<MomentsAggregate<Moments2, &deviation>>(args));
}
base::Result<AggregatePtr> make_skew(AggregateArgs args) {
  return AggregatePtr(std::make_unique<MomentsAggregate<Moments4, &skewness>>(args));
}
base::Result<AggregatePtr> make_kurtosis(AggregateArgs args) {
  return AggregatePtr(std::make_unique<MomentsAggregate<Moments4, &kurtosis>>(args));
}

}  // namespace headrace::ops
