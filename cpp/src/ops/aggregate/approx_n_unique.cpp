#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>
#include <headrace/ops/kernel/hyperloglog.hpp>

namespace headrace::ops {
namespace {

using record::Column;
using record::DType;

class ApproxNUnique final : public PaneSketches<HyperLogLog> {
 public:
  explicit ApproxNUnique(const AggregateArgs& args)
      : PaneSketches({{.name = args.name, .type = DType::kInt64}}), column_(args.columns[0]) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    const Column& column = batch.column(column_);
    const auto see = [this](auto pane, std::uint64_t hash) { sketch(pane).add(hash); };
    switch (column.type) {
      case DType::kFloat64:
        return for_each_value<double>(column, rows, [&](auto pane, double x, auto) {
          see(pane, HyperLogLog::hash(std::bit_cast<std::uint64_t>(x == 0 ? 0.0 : x)));
        });
      case DType::kBool:
        return for_each_value<std::uint8_t>(column, rows, [&](auto pane, auto x, auto) {
          see(pane, HyperLogLog::hash(std::uint64_t{x}));
        });
      case DType::kString:
        return for_each_value<std::int32_t>(column, rows, [&](auto pane, auto code, auto) {
          if (code >= 0) see(pane, HyperLogLog::hash(column.dictionary->text(code)));
        });
      default:
        return for_each_value<std::int64_t>(column, rows, [&](auto pane, auto x, auto) {
          see(pane, HyperLogLog::hash(static_cast<std::uint64_t>(x)));
        });
    }
  }
  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) results_.push(std::llround(sketch(pane).estimate()));
  }
  void take(std::vector<Column>& columns) override { columns.push_back(results_.take()); }

 private:
  std::size_t column_;
  ResultColumn<std::int64_t> results_{DType::kInt64};
};

}  // namespace

base::Result<AggregatePtr> make_approx_n_unique(AggregateArgs args) {
  return AggregatePtr(std::make_unique<ApproxNUnique>(args));
}

}  // namespace headrace::ops
