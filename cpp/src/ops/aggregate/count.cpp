#include <utility>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>
#include <headrace/ops/kernel/counted.hpp>

namespace headrace::ops {
namespace {

using record::DType;

struct Count {
  std::int64_t rows = 0;

  [[nodiscard]] bool consistent() const noexcept { return is_count(rows); }
};

// Rows, or those in which a column has a value.
class CountAggregate final : public PaneStates<Count> {
 public:
  explicit CountAggregate(const AggregateArgs& args)
      : PaneStates({{.name = args.name, .type = DType::kInt64}}), columns_(args.columns) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    Count* const states = this->states();
    if (columns_.empty()) {
      for (const PaneRow& at : rows) ++states[at.pane].rows;
      return;
    }
    const record::Column& column = batch.column(columns_[0]);
    if (column.type == DType::kFloat64) {
      for_each_value<double>(column, rows,
                             [states](auto pane, double, auto) { ++states[pane].rows; });
    } else {
      for (const auto [row, pane] : rows) states[pane].rows += column.is_valid(row) ? 1 : 0;
    }
  }
  void merge(std::uint32_t into, std::uint32_t from) override {
    states()[into].rows += state(from).rows;
  }
  void emit(std::span<const std::uint32_t> panes) override {
    results_.push_each(panes, [this](std::uint32_t pane) { return state(pane).rows; });
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  std::vector<std::size_t> columns_;
  ResultColumn<std::int64_t> results_{DType::kInt64};
};

}  // namespace

base::Result<AggregatePtr> make_count(AggregateArgs args) {
  return AggregatePtr(std::make_unique<CountAggregate>(args));
}

}  // namespace headrace::ops
