#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include <headrace/ops/aggregate/edge.hpp>
#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>

namespace headrace::ops {
namespace {

using record::DType;

struct Ohlc {
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  std::int64_t open_time = 0;
  std::int64_t close_time = 0;
  std::int64_t seen = 0;

  void add(double x, std::int64_t t) noexcept {
    if (seen == 0) [[unlikely]] {
      *this = {
          .open = x, .high = x, .low = x, .close = x, .open_time = t, .close_time = t, .seen = 1};
      return;
    }
    high = std::max(high, x);
    low = std::min(low, x);
    if (t >= close_time) [[likely]] {
      close = x;
      close_time = t;
    }
    if (t < open_time) [[unlikely]] {
      open = x;
      open_time = t;
    }
  }
  void add(const Ohlc& later) noexcept {
    if (later.seen == 0) return;
    if (seen == 0) {
      *this = later;
      return;
    }
    high = std::max(high, later.high);
    low = std::min(low, later.low);
    if (later.close_time >= close_time) {
      close = later.close;
      close_time = later.close_time;
    }
    if (later.open_time < open_time) {
      open = later.open;
      open_time = later.open_time;
    }
  }
};

std::vector<record::Field> fields_of(const std::string& name) {
  const std::string prefix = name.empty() ? "" : name + "_";
  std::vector<record::Field> fields;
  for (const char* part : {"open", "high", "low", "close"}) {
    fields.push_back({.name = prefix + part, .type = DType::kFloat64});
  }
  return fields;
}

class OhlcAggregate final : public PaneStates<Ohlc> {
 public:
  explicit OhlcAggregate(const AggregateArgs& args)
      : PaneStates(fields_of(args.name)), column_(args.columns[0]) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    const std::int64_t* const times = batch.event_times->as<std::int64_t>();
    for_each_number(batch.column(column_), rows,
                    [states = states(), times](auto pane, double x, auto row) {
                      states[pane].add(x, times[row]);
                    });
  }
  void merge(std::uint32_t into, std::uint32_t from) override { states()[into].add(state(from)); }
  void emit(std::span<const std::uint32_t> panes) override {
    static constexpr std::array kParts{&Ohlc::open, &Ohlc::high, &Ohlc::low, &Ohlc::close};
    for (std::size_t i = 0; i < kParts.size(); ++i) {
      results_[i].push_each(panes, [this, part = kParts[i]](std::uint32_t pane) {
        const Ohlc& bar = state(pane);
        return bar.seen != 0 ? bar.*part : std::numeric_limits<double>::quiet_NaN();
      });
    }
  }
  void take(std::vector<record::Column>& columns) override {
    for (ResultColumn<double>& result : results_) columns.push_back(result.take());
  }

 private:
  std::size_t column_;
  std::vector<ResultColumn<double>> results_ =
      std::vector<ResultColumn<double>>(4, ResultColumn<double>(DType::kFloat64));
};

}  // namespace

base::Result<AggregatePtr> make_ohlc(AggregateArgs args) {
  return AggregatePtr(std::make_unique<OhlcAggregate>(args));
}

}  // namespace headrace::ops
