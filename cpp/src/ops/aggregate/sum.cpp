#include <utility>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>
#include <headrace/ops/kernel/compensated_sum.hpp>
#include <headrace/ops/kernel/exact_sum.hpp>

namespace headrace::ops {
namespace {

using record::DType;

class FloatSum final : public PaneStates<CompensatedSum> {
 public:
  explicit FloatSum(const AggregateArgs& args)
      : PaneStates({{.name = args.name, .type = DType::kFloat64}}), column_(args.columns[0]) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    for_each_value<double>(batch.column(column_), rows,
                           [states = states()](auto pane, double x, auto) { states[pane].add(x); });
  }
  void merge(std::uint32_t into, std::uint32_t from) override { states()[into].add(state(from)); }
  void emit(std::span<const std::uint32_t> panes) override {
    results_.push_each(panes, [this](std::uint32_t pane) { return state(pane).value(); });
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  std::size_t column_;
  ResultColumn<double> results_{DType::kFloat64};
};

// Of int64 and bool: exact; null where it does not fit an int64.
class IntegerSum final : public PaneStates<ExactSum> {
 public:
  explicit IntegerSum(const AggregateArgs& args)
      : PaneStates({{.name = args.name, .type = DType::kInt64, .nullable = true}}),
        column_(args.columns[0]) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    const record::Column& column = batch.column(column_);
    const auto sum = [states = states()](auto pane, auto x, auto) {
      states[pane].add(static_cast<std::int64_t>(x));
    };
    if (column.type == DType::kBool) {
      for_each_value<std::uint8_t>(column, rows, sum);
    } else {
      for_each_value<std::int64_t>(column, rows, sum);
    }
  }
  void merge(std::uint32_t into, std::uint32_t from) override { states()[into].add(state(from)); }
  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) {
      const std::optional<std::int64_t> sum = state(pane).value();
      sum ? results_.push(*sum) : results_.push_null();
    }
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  std::size_t column_;
  ResultColumn<std::int64_t> results_{DType::kInt64};
};

}  // namespace

base::Result<AggregatePtr> make_sum(AggregateArgs args) {
  if (args.column(0).type == DType::kFloat64) {
    return AggregatePtr(std::make_unique<FloatSum>(args));
  }
  return AggregatePtr(std::make_unique<IntegerSum>(args));
}

}  // namespace headrace::ops
