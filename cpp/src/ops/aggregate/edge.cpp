#include <headrace/ops/aggregate/edge.hpp>

#include <memory>
#include <utility>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>
#include <headrace/record/own_dictionary.hpp>

namespace headrace::ops {
namespace {

using record::DType;

// `first` and `last` of numbers, booleans and times; null where there is no value.
template <class T, bool kLast>
class EdgeAggregate final
    : public PaneStates<Edge<std::conditional_t<std::is_same_v<T, double>, double, std::int64_t>>> {
 public:
  using Value = std::conditional_t<std::is_same_v<T, double>, double, std::int64_t>;
  using Base = PaneStates<Edge<Value>>;

  explicit EdgeAggregate(const AggregateArgs& args)
      : Base({{.name = args.name, .type = args.column(0).type, .nullable = true}}),
        column_(args.columns[0]),
        results_(args.column(0).type) {}

  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    const std::int64_t* const times = batch.event_times->as<std::int64_t>();
    for_each_value<T>(batch.column(column_), rows,
                      [states = this->states(), times](auto pane, T x, auto row) {
                        offer(states[pane], static_cast<Value>(x), times[row]);
                      });
  }
  void merge(std::uint32_t into, std::uint32_t from) override {
    const Edge<Value>& other = this->state(from);
    if (other.seen != 0) offer(this->states()[into], other.value, other.time);
  }
  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) {
      const Edge<Value>& edge = this->state(pane);
      edge.seen != 0 ? results_.push(static_cast<T>(edge.value)) : results_.push_null();
    }
  }
  void take(std::vector<record::Column>& columns) override { columns.push_back(results_.take()); }

 private:
  static void offer(Edge<Value>& edge, Value x, std::int64_t time) noexcept {
    kLast ? edge.offer_last(x, time) : edge.offer_first(x, time);
  }

  std::size_t column_;
  ResultColumn<T> results_;
};

// The same for text, which a dictionary of its own keeps.
template <bool kLast>
class TextEdge final : public Aggregate {
 public:
  explicit TextEdge(const AggregateArgs& args)
      : fields_({{.name = args.name, .type = DType::kString, .nullable = true}}),
        column_(args.columns[0]) {}

  const std::vector<record::Field>& fields() const noexcept override { return fields_; }
  void resize(std::size_t panes) override {
    codes_.resize(panes, -1);
    times_.resize(panes);
    seen_.resize(panes, 0);
  }
  void clear(Panes panes) override {
    for (const std::uint32_t pane : panes) seen_[pane] = 0;
  }

  // Results that were not taken yet keep the dictionary that they were emitted with.
  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) override {
    if (words_.is_full() && results_.size() == 0) words_.renew(codes_, seen_);
    const record::Column& column = batch.column(column_);
    const std::int64_t* const times = batch.event_times->as<std::int64_t>();
    for_each_value<std::int32_t>(column, rows, [&](auto pane, std::int32_t code, auto row) {
      if (code >= 0) offer(pane, words_.translate(column.dictionary, code), times[row]);
    });
  }
  void merge(std::uint32_t into, std::uint32_t from) override {
    if (seen_[from] != 0) offer(into, codes_[from], times_[from]);
  }
  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) {
      seen_[pane] != 0 ? results_.push(codes_[pane]) : results_.push_null();
    }
  }
  void take(std::vector<record::Column>& columns) override {
    columns.push_back(results_.take(words_.get()));
  }

  void snapshot(base::ByteWriter& writer, std::uint32_t pane) const override {
    writer.put(seen_[pane]);
    if (seen_[pane] == 0) return;
    writer.put(times_[pane]);
    writer.put_string(words_.get()->text(codes_[pane]));
  }
  base::Status restore(base::ByteReader& reader, std::uint32_t pane) override {
    if (base::Status s = reader.get_into(seen_[pane]); !s) return s;
    if (seen_[pane] == 0) return {};
    seen_[pane] = 1;
    if (base::Status s = reader.get_into(times_[pane]); !s) return s;
    base::Result<std::string> text = reader.get_string();
    if (!text) return text.error();
    codes_[pane] = words_.get()->intern(*text);
    return {};
  }

 private:
  void offer(std::uint32_t pane, std::int32_t code, std::int64_t time) {
    if (seen_[pane] != 0 && (kLast ? time < times_[pane] : time >= times_[pane])) return;
    codes_[pane] = code;
    times_[pane] = time;
    seen_[pane] = 1;
  }

  std::vector<record::Field> fields_;
  std::size_t column_;
  record::OwnDictionary words_;
  std::vector<std::int32_t> codes_;  // by pane, as the next two
  std::vector<std::int64_t> times_;
  std::vector<std::uint8_t> seen_;
  ResultColumn<std::int32_t> results_{DType::kString};
};

template <bool kLast>
base::Result<AggregatePtr> make_edge(const AggregateArgs& args) {
  switch (args.column(0).type) {
    case DType::kFloat64:
      return AggregatePtr(std::make_unique<EdgeAggregate<double, kLast>>(args));
    case DType::kBool:
      return AggregatePtr(std::make_unique<EdgeAggregate<std::uint8_t, kLast>>(args));
    case DType::kString:
      return AggregatePtr(std::make_unique<TextEdge<kLast>>(args));
    default:
      return AggregatePtr(std::make_unique<EdgeAggregate<std::int64_t, kLast>>(args));
  }
}

}  // namespace

base::Result<AggregatePtr> make_first(AggregateArgs args) { return make_edge<false>(args); }
base::Result<AggregatePtr> make_last(AggregateArgs args) { return make_edge<true>(args); }

}  // namespace headrace::ops
