#include <string>
#include <type_traits>
#include <utility>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>

namespace headrace::ops {
namespace {

using record::DType;

template <class T>
struct Extreme {
  T value{};
  std::int64_t seen = 0;
};

// The smallest or largest value, of the column's own type; null where there is none.
template <class T, bool kMax>
class ExtremeAggregate final
    : public PaneStates<
          Extreme<std::conditional_t<std::is_same_v<T, double>, double, std::int64_t>>> {
 public:
  using Value = std::conditional_t<std::is_same_v<T, double>, double, std::int64_t>;
  using Base = PaneStates<Extreme<Value>>;

  explicit ExtremeAggregate(const AggregateArgs& args)
      : Base({{.name = args.name, .type = args.column(0).type, .nullable = true}}),
        column_(args.columns[0]),
        results_(args.column(0).type) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    for_each_value<T>(batch.column(column_), rows, [states = this->states()](auto pane, T x, auto) {
      offer(states[pane], static_cast<Value>(x));
    });
  }
  void merge(std::uint32_t into, std::uint32_t from) override {
    const Extreme<Value>& other = this->state(from);
    if (other.seen != 0) offer(this->states()[into], other.value);
  }
  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) {
      const Extreme<Value>& state = this->state(pane);
      state.seen != 0 ? results_.push(static_cast<T>(state.value)) : results_.push_null();
    }
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  // Of equal values the first one stays: -0 and 0 are equal.
  static void offer(Extreme<Value>& state, Value x) noexcept {
    if (state.seen == 0 || (kMax ? x > state.value : x < state.value)) state.value = x;
    state.seen = 1;
  }

  std::size_t column_;
  ResultColumn<T> results_;
};

template <bool kMax>
base::Result<AggregatePtr> make_extreme(const AggregateArgs& args) {
  switch (args.column(0).type) {
    case DType::kFloat64:
      return AggregatePtr(std::make_unique<ExtremeAggregate<double, kMax>>(args));
    case DType::kBool:
      return AggregatePtr(std::make_unique<ExtremeAggregate<std::uint8_t, kMax>>(args));
    case DType::kString:
      return base::Error{.code = base::ErrorCode::kTypeMismatch,
                         .message = "column \"" + args.column(0).name +
                                    "\" is text, which has no smallest or largest value here"};
    default:
      return AggregatePtr(std::make_unique<ExtremeAggregate<std::int64_t, kMax>>(args));
  }
}

}  // namespace

base::Result<AggregatePtr> make_min(AggregateArgs args) { return make_extreme<false>(args); }
base::Result<AggregatePtr> make_max(AggregateArgs args) { return make_extreme<true>(args); }

}  // namespace headrace::ops
