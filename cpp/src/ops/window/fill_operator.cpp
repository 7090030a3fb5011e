#include <headrace/ops/window/fill_operator.hpp>

#include <string>
#include <utility>

#include <headrace/ops/event_time.hpp>

namespace headrace::ops {
namespace {

using record::Column;
using record::DType;
using record::RecordBatch;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Rows made for one gap: nearly 70 days of minutes. A clock that was wrong for a moment, or a
// stream that was away for years, is no reason to make millions of them.
constexpr std::size_t kMostRows = 100'000;

// What a made row has in a column in place of what the row behind it has.
struct Places {
  std::size_t start;
  std::vector<std::size_t> end;  // one or none
  std::size_t carry;
  std::vector<std::size_t> carried;
  std::vector<std::size_t> zeroed;
  std::vector<std::size_t> emptied;
};

class FillOperator final : public Operator {
 public:
  FillOperator(FillArgs args, Places places)
      : schema_(std::move(args.schema)),
        slices_(std::move(args.slices)),
        longest_(args.longest),
        places_(std::move(places)) {}

  const record::SchemaPtr& output_schema() const noexcept override { return schema_; }

  base::Status process(RecordBatch& batch, record::Rejects& /*rejects*/) override {
    if (batch.rows() == 0) return {};
    rows_.clear();
    made_.clear();
    const auto* const starts = batch.event_times->as<std::int64_t>();
    const Column& carry = batch.column(places_.carry);
    if (batch.key_count > last_.size()) last_.resize(batch.key_count);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      Last& last = last_[batch.key_id(row)];
      fill_before(row, starts[row], last);
      rows_.push_back(static_cast<std::uint32_t>(row));
      if (last.seen == 0 || starts[row] >= last.start) {
        last = {.start = starts[row], .value = carry.values<double>()[row], .seen = 1};
      }
    }
    if (!made_.empty()) write(batch);
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override {
    std::size_t keys = last_.size();
    while (keys > 0 && last_[keys - 1].seen == 0) --keys;
    writer.put(static_cast<std::uint64_t>(keys));
    for (std::size_t key = 0; key < keys; ++key) {
      writer.put(last_[key].seen);
      writer.put(last_[key].start);
      writer.put(last_[key].value);
    }
  }

  base::Status restore(base::ByteReader& reader) override {
    std::uint64_t keys = 0;
    if (base::Status s = reader.get_into(keys); !s) return s;
    std::vector<Last> restored;
    for (; keys > 0; --keys) {
      Last& last = restored.emplace_back();
      if (base::Status s = reader.get_into(last.seen); !s) return s;
      if (base::Status s = reader.get_into(last.start); !s) return s;
      if (base::Status s = reader.get_into(last.value); !s) return s;
    }
    last_ = std::move(restored);
    return {};
  }

 private:
  struct Last {  // window of a key
    std::int64_t start = 0;
    double value = kNaN;
    std::uint8_t seen = 0;
  };
  struct Made {
    std::size_t place;  // in rows_
    Slice slice;
    double value;
  };

  void fill_before(std::size_t row, std::int64_t start, const Last& last) {
    if (last.seen == 0 || start <= last.start) return;
    if (distance(start, last.start) > static_cast<std::uint64_t>(longest_)) return;
    const std::optional<Slice> before = slices_.of(last.start);
    if (!before) return;
    const std::size_t made_before = made_.size();
    for (Slice slice = slices_.next(*before); slice.start < start; slice = slices_.next(slice)) {
      if (made_.size() - made_before == kMostRows) {
        rows_.resize(rows_.size() - kMostRows);
        made_.resize(made_before);
        return;
      }
      made_.push_back({.place = rows_.size(), .slice = slice, .value = last.value});
      rows_.push_back(static_cast<std::uint32_t>(row));
    }
  }

  // Made rows begin as copies of the row behind them.
  void write(RecordBatch& batch) {
    batch.repeat(rows_);
    auto* const times = batch.event_times->as<std::int64_t>();
    put<std::int64_t>(batch, places_.start, [](const Made& made) { return made.slice.start; });
    for (const std::size_t end : places_.end) {
      put<std::int64_t>(batch, end, [](const Made& made) { return made.slice.end; });
    }
    for (const std::size_t column : places_.carried) {
      put<double>(batch, column, [](const Made& made) { return made.value; });
    }
    for (const std::size_t column : places_.emptied) {
      put<double>(batch, column, [](const Made&) { return kNaN; });
    }
    for (const std::size_t column : places_.zeroed) {
      if (batch.column(column).type == DType::kFloat64) {
        put<double>(batch, column, [](const Made&) { return 0.0; });
      } else {
        put<std::int64_t>(batch, column, [](const Made&) { return std::int64_t{0}; });
      }
    }
    for (const Made& made : made_) times[made.place] = made.slice.start;
  }

  template <class T, class Get>
  void put(RecordBatch& batch, std::size_t index, Get get) {
    Column& column = batch.column(index);
    T* const values = column.mutable_values<T>();
    for (const Made& made : made_) {
      values[made.place] = get(made);
      if (column.validity) {
        column.validity->as<std::uint8_t>()[made.place >> 3U] |=
            static_cast<std::uint8_t>(1U << (made.place & 7U));
      }
    }
  }

  record::SchemaPtr schema_;
  Slices slices_;
  std::int64_t longest_;
  Places places_;
  std::vector<Last> last_;  // by key id
  std::vector<std::uint32_t> rows_;
  std::vector<Made> made_;
};

base::Error wrong_type(const std::string& name) {
  return {.code = base::ErrorCode::kTypeMismatch,
          .message = "fill: column \"" + name + "\" is of another type than expected"};
}

}  // namespace

base::Result<OperatorPtr> make_fill_operator(FillArgs args) {
  const record::Schema& schema = *args.schema;
  if (schema.event_time_index() < 0 || args.slices.overlapping() || args.slices.is_all()) {
    return base::invalid_argument("fill: expected windows that follow each other in time");
  }
  if (args.longest < 0) {
    return base::invalid_argument("fill: longest: expected a length of time, got " +
                                  std::to_string(args.longest) + " ns");
  }
  Places places{.start = static_cast<std::size_t>(schema.event_time_index()),
                .end = {},
                .carry = 0,
                .carried = {},
                .zeroed = {},
                .emptied = {}};
  const auto find = [&schema](const std::vector<std::string>& names, bool whole,
                              std::vector<std::size_t>& found) -> base::Status {
    for (const std::string& name : names) {
      const base::Result<int> index = schema.require(name);
      if (!index) return index.error();
      found.push_back(static_cast<std::size_t>(*index));
      const DType type = schema.fields()[found.back()].type;
      if (type != DType::kFloat64 && !(whole && type == DType::kInt64)) return wrong_type(name);
    }
    return {};
  };
  std::vector<std::size_t> carry;
  if (base::Status s = find({args.carry}, false, carry); !s) return s.error();
  places.carry = carry[0];
  if (base::Status s = find(args.carried, false, places.carried); !s) return s.error();
  if (base::Status s = find(args.emptied, false, places.emptied); !s) return s.error();
  if (base::Status s = find(args.zeroed, true, places.zeroed); !s) return s.error();
  if (!args.end.empty()) {
    const base::Result<int> index = schema.require(args.end);
    if (!index) return index.error();
    places.end.push_back(static_cast<std::size_t>(*index));
    if (schema.fields()[places.end[0]].type != DType::kTimestamp) return wrong_type(args.end);
  }
  return OperatorPtr(std::make_unique<FillOperator>(std::move(args), std::move(places)));
}

}  // namespace headrace::ops
