#include "state_parts.hpp"

#include <random>
#include <utility>

#include <headrace/ops/columns_operator.hpp>
#include <headrace/ops/deduplicate_operator.hpp>
#include <headrace/ops/filter_operator.hpp>
#include <headrace/ops/join/asof_join.hpp>
#include <headrace/ops/join/interval_join.hpp>
#include <headrace/ops/join/table_join.hpp>
#include <headrace/ops/late_operator.hpp>
#include <headrace/ops/sort_within_operator.hpp>
#include <headrace/ops/validate_operator.hpp>
#include <headrace/ops/window/fill_operator.hpp>
#include <headrace/pipeline/digest.hpp>
#include <headrace/pipeline/merge.hpp>

#include <headrace/model/predict_operator.hpp>
#include "model/fake_predictor.hpp"
#include "ops/joins.hpp"
#include "ops/windows.hpp"

namespace headrace::fuzz {
namespace {

using ops::MergeOperatorPtr;
using ops::OperatorPtr;
using record::RecordBatch;
using record::SchemaPtr;

constexpr std::size_t kBefore = 24;  // rows in a snapshot
constexpr std::size_t kRows = 32;

// ---- what comes out, as text

std::string text_of(const test::Cell& cell) {
  if (!cell) return "null";
  if (const auto* number = std::get_if<double>(&*cell); number != nullptr && *number != *number) {
    return "nan";
  }
  return std::visit(
      []<class T>(const T& value) {
        if constexpr (std::is_same_v<T, std::string>) return value;
        if constexpr (!std::is_same_v<T, std::string>) {
          std::string bytes(sizeof value, '\0');
          std::memcpy(bytes.data(), &value, sizeof value);
          return bytes;
        }
      },
      *cell);
}

void append_row(std::string& text, const RecordBatch& batch, std::size_t row) {
  for (const record::Column& column : batch.columns()) {
    text += text_of(test::cell_of(column, row)) + '|';
  }
  text += std::to_string(batch.offset_values()[row]) + '\n';
}

void append(std::string& text, const RecordBatch& batch) {
  for (std::size_t row = 0; row < batch.rows(); ++row) append_row(text, batch, row);
}

void append(std::string& text, const record::Rejects& rejects) {
  for (const record::Reject& reject : rejects) {
    text += std::to_string(reject.offset) + reject.detail + '\n';
  }
}

// ---- rows

const test::Table& table() {
  static const test::Table made = [] {
    std::mt19937 random(12);
    return test::timed_table(random, kRows, false);
  }();
  return made;
}

// Made once: steps never change the columns of a batch, they take others.
const RecordBatch& rows(std::size_t begin, std::size_t end) {
  static std::vector<RecordBatch> made(kRows * (kRows + 1) + kRows + 1);
  RecordBatch& batch = made[begin * (kRows + 1) + end];
  if (batch.schema() == nullptr) batch = test::batch_of(table(), begin, end);
  return batch;
}

// ---- parts

// Of one operator; `feed` gives the rows [begin, end) of its input.
class OperatorPart final : public Part {
 public:
  using Feed = const RecordBatch& (*)(std::size_t begin, std::size_t end);
  OperatorPart(OperatorPtr op, Feed feed) : op_(std::move(op)), feed_(feed) {}

  void snapshot(base::ByteWriter& writer) const override { op_->snapshot(writer); }
  base::Status restore(base::ByteReader& reader) override { return op_->restore(reader); }
  std::string use(std::size_t step) override {
    std::string text;
    record::Rejects rejects;
    for (std::size_t begin = kBefore; begin < kRows; begin += step) {
      RecordBatch batch = feed_(begin, std::min(kRows, begin + step));
      if (!op_->process(batch, rejects)) return "failed";
      append(text, batch);
    }
    RecordBatch batch = feed_(kRows, kRows);
    if (!op_->finish(batch, rejects)) return "failed";
    append(text, batch);
    append(text, rejects);
    return text;
  }
  void warm_up() {
    record::Rejects rejects;
    RecordBatch batch = feed_(0, kBefore);
    op_->process(batch, rejects).throw_if_error();
  }

 private:
  OperatorPtr op_;
  Feed feed_;
};

const test::Sides& sides() {
  static const test::Sides made = [] {
    std::mt19937 random(41);
    test::Sides some = test::random_sides(random, kRows, test::Lateness::kSome);
    for (std::size_t i = 0; i < kRows; ++i) some.deleted.push_back(i % 4 == 3 ? 1 : 0);
    return some;
  }();
  return made;
}

class MergeOperatorPart final : public Part {
 public:
  explicit MergeOperatorPart(MergeOperatorPtr op) : op_(std::move(op)) {}

  void snapshot(base::ByteWriter& writer) const override { op_->snapshot(writer); }
  base::Status restore(base::ByteReader& reader) override { return op_->restore(reader); }
  std::string use(std::size_t step) override try {
    std::string text;
    record::Rejects rejects;
    for (std::size_t begin = kBefore; begin < kRows; begin += step) {
      append(text, test::process(*op_, sides(), begin, std::min(kRows, begin + step), rejects));
    }
    RecordBatch out;
    op_->finish(out, rejects).throw_if_error();
    append(text, out);
    append(text, rejects);
    return text;
  } catch (const base::Exception&) {
    return "failed";
  }
  void warm_up() {
    record::Rejects rejects;
    static_cast<void>(test::process(*op_, sides(), 0, kBefore, rejects));
  }

 private:
  MergeOperatorPtr op_;
};

// Three partitions of two inputs, each with all the rows.
class MergePart final : public Part {
 public:
  MergePart() : merge_({{.schema = table().schema, .grace_ns = 5}, {.schema = table().schema}}) {
    open();
  }
  void snapshot(base::ByteWriter& writer) const override { merge_.snapshot(writer); }
  base::Status restore(base::ByteReader& reader) override { return merge_.restore(reader); }
  std::string use(std::size_t step) override {
    open();
    // As after a restart: of a channel that rests, a row's place is that of its arrival.
    for (const pipeline::Merge::Channel channel : channels_) merge_.await(channel);
    std::string text;
    for (std::size_t begin = kBefore; begin < kRows; begin += step) {
      add(begin, std::min(kRows, begin + step));
      take(text);
    }
    merge_.end_all();
    take(text);
    return text;
  }
  void warm_up() {
    std::string text;
    add(0, kBefore);
    merge_.end(channels_[2]);
    take(text);
  }

 private:
  void open() {
    channels_ = {merge_.open({.input = 0, .topic = "a", .partition = 0}),
                 merge_.open({.input = 0, .topic = "a", .partition = 1}),
                 merge_.open({.input = 1, .topic = "b", .partition = 0})};
  }
  void add(std::size_t begin, std::size_t end) {
    for (const pipeline::Merge::Channel channel : channels_) {
      merge_.add(channel, rows(begin, end), nullptr);
    }
  }
  void take(std::string& text) {
    for (pipeline::Merge::Due due; merge_.take(due);) {
      std::vector<std::size_t> next(due.inputs.size(), 0);
      for (const ops::MergedRun& run : due.order) {
        for (std::uint32_t i = 0; i < run.rows; ++i) {
          append_row(text, due.inputs[run.input], next[run.input]++);
        }
      }
    }
  }

  pipeline::Merge merge_;
  std::vector<pipeline::Merge::Channel> channels_;
};

class DigestPart final : public Part {
 public:
  void snapshot(base::ByteWriter& writer) const override { digest_.snapshot(writer); }
  base::Status restore(base::ByteReader& reader) override { return digest_.restore(reader); }
  std::string use(std::size_t step) override {
    for (std::size_t begin = kBefore; begin < kRows; begin += step) {
      digest_.update(rows(begin, std::min(kRows, begin + step)));
    }
    std::string text = std::to_string(digest_.rows());
    for (const std::uint64_t column : digest_.columns()) text += ' ' + std::to_string(column);
    return text;
  }
  void warm_up() { digest_.update(rows(0, kBefore)); }

 private:
  pipeline::Digest digest_;
};

// ---- the list

class List {
 public:
  template <class Make>
  void add(const std::string& name, Make make) {
    const auto part = make();
    part->warm_up();
    base::ByteWriter writer;
    part->snapshot(writer);
    kinds_.push_back({.name = name,
                      .make = [make]() -> std::unique_ptr<Part> { return make(); },
                      .snapshot = std::move(writer).take(),
                      .arrival_shows = name == "sort_within" || name == "merge"});
  }
  void add_operator(const std::string& name, std::function<base::Result<OperatorPtr>()> make,
                    OperatorPart::Feed feed = &rows) {
    add(name, [make = std::move(make), feed] {
      return std::make_unique<OperatorPart>(make().value_or_throw(), feed);
    });
  }
  void add_merge(const std::string& name, std::function<base::Result<MergeOperatorPtr>()> make) {
    add(name, [make = std::move(make)] {
      return std::make_unique<MergeOperatorPart>(make().value_or_throw());
    });
  }
  std::vector<StateKind> take() { return std::move(kinds_); }

 private:
  std::vector<StateKind> kinds_;
};

void add_indicators(List& list) {
  for (const ops::IndicatorInfo& info : ops::indicators()) {
    list.add_operator(info.name, [&info] {
      const SchemaPtr& schema = table().schema;
      ops::IndicatorArgs args{.schema = schema, .inputs = {}, .params = {}, .outputs = {}};
      for (std::size_t i = 0; i < info.inputs.size(); ++i) {
        args.inputs.push_back(schema->index_of(i % 2 == 0 ? "x" : "i"));
      }
      for (const ops::ParamInfo& param : info.params) {
        args.params.push_back(param.integer ? std::max(param.minimum, 3.0) : param.default_value);
      }
      for (std::size_t i = 0; i < info.outputs.size(); ++i) {
        args.outputs.push_back("out" + std::to_string(i));
      }
      return info.make(std::move(args));
    });
  }
}

// Of each kind of aggregate, in hopping windows that are open.
void add_aggregates(List& list) {
  for (const ops::AggregateInfo& info : ops::aggregates()) {
    list.add_operator("window of " + std::string(info.kind), [&info] {
      ops::AggregateCall call = test::call(std::string(info.kind));
      const char* const columns[] = {
          info.numbers_only || info.kind == "min" || info.kind == "max" ? "y" : "t", "j"};
      for (std::size_t i = 0; i < info.least_columns; ++i) call.columns.emplace_back(columns[i]);
      call.params.assign(info.params.size(), info.kind == "quantile" ? 0.3 : 1.0);
      ops::WindowArgs args;
      args.window = test::slices(12, 4);
      args.group = {"s"};
      args.grace = 6;
      args.aggregates = {std::move(call)};
      args.schema = table().schema;
      return ops::make_window_operator(std::move(args));
    });
  }
}

void add_windows(List& list) {
  for (const test::WindowStepCase& window : test::window_step_cases()) {
    list.add_operator(window.name, [window] {
      ops::WindowArgs args = window.args;
      args.schema = table().schema;
      return ops::make_window_operator(std::move(args));
    });
  }
}

validate::Expression shifted(const std::string& column, int distance) {
  return test::expression(R"({"fn": "shift", "args": [{"col": ")" + column + "\"}, " +
                          std::to_string(distance) + "]}");
}

void add_expressions(List& list) {
  for (const char* const column : {"maybe", "j", "y", "t", "then"}) {
    list.add_operator(std::string("shift of ") + column, [column] {
      std::vector<ops::NewColumns> columns;
      columns.push_back({.names = {"a"}, .source = shifted(column, 2)});
      columns.push_back({.names = {"b"}, .source = shifted(column, 1)});
      return ops::make_columns_operator(table().schema, columns);
    });
  }
  list.add_operator("rule", [] {
    return ops::make_validate_operator(
        {.schema = table().schema, .rules = {{.name = "r", .expression = shifted("yes", 1)}}});
  });
  list.add_operator("filter",
                    [] { return ops::make_filter_operator(table().schema, shifted("maybe", 3)); });
}

void add_steps_of_rows(List& list) {
  list.add_operator("deduplicate", [] {
    return ops::make_deduplicate_operator(
        {.schema = table().schema, .by = {"t", "y", "maybe"}, .within_ns = {}});
  });
  list.add_operator("deduplicate within", [] {
    return ops::make_deduplicate_operator(
        {.schema = table().schema, .by = {"at", "s"}, .within_ns = 25});
  });
  list.add_operator("late", [] {
    return ops::make_late_operator(table().schema, 20, {.max_skew = 30, .only_count = false});
  });
  list.add_operator("sort_within",
                    [] { return ops::make_sort_within_operator(table().schema, 20); });
  list.add_operator("predict", [] {
    static const auto predictor =
        model::Predictor::adopt(test::fake_table(test::weighted_sum, 2, 3)).value_or_throw();
    return model::make_predict_operator(
        {.schema = table().schema,
         .predictor = predictor,
         .inputs = {table().schema->index_of("x"), table().schema->index_of("j")},
         .outputs = {"p"}});
  });
}

// Windows of 10 ns with gaps, of three tickers.
const test::Table& windows_with_gaps() {
  static const test::Table made = [] {
    using record::DType;
    test::Table bars;
    bars.schema = std::make_shared<const record::Schema>(
        std::vector<record::Field>{{.name = "Ticker", .type = DType::kInt64},
                                   {.name = "start", .type = DType::kTimestamp},
                                   {.name = "Close", .type = DType::kFloat64},
                                   {.name = "Trades", .type = DType::kInt64, .nullable = true}},
        "start", "Ticker");
    for (std::size_t i = 0; i < kRows; ++i) {
      const auto n = static_cast<std::int64_t>(i);
      bars.rows.push_back({n % 3, n / 3 * 10 + n % 5 / 4 * 20, 0.5 * static_cast<double>(n), n});
      bars.keys.push_back(static_cast<std::uint32_t>(i % 3));
    }
    return bars;
  }();
  return made;
}

const RecordBatch& bars(std::size_t begin, std::size_t end) {
  static RecordBatch batch;
  batch = test::batch_of(windows_with_gaps(), begin, end);
  return batch;
}

void add_fill(List& list) {
  list.add_operator(
      "fill",
      [] {
        return ops::make_fill_operator({.schema = windows_with_gaps().schema,
                                        .slices = test::slices(10),
                                        .end = "",
                                        .carry = "Close",
                                        .carried = {"Close"},
                                        .zeroed = {"Trades"},
                                        .emptied = {},
                                        .longest = 500});
      },
      &bars);
}

void add_asof_joins(List& list) {
  using S = ops::AsofStrategy;
  for (const S strategy : {S::kBackward, S::kForward, S::kNearest}) {
    for (const bool within : {false, true}) {
      list.add_merge("join_asof " + std::to_string(static_cast<int>(strategy)), [=] {
        return ops::make_asof_join(
            {.left = sides().left.schema,
             .right = sides().right.schema,
             .by = {"t", "maybe"},
             .strategy = strategy,
             .tolerance_ns = within ? std::optional<std::int64_t>(9) : std::nullopt,
             .allow_exact_matches = !within});
      });
    }
  }
}

void add_joins(List& list) {
  for (const ops::JoinHow how : {ops::JoinHow::kInner, ops::JoinHow::kLeft}) {
    list.add_merge("join_interval", [how] {
      return ops::make_interval_join({.left = sides().left.schema,
                                      .right = sides().right.schema,
                                      .by = {"t"},
                                      .lower_ns = -9,
                                      .upper_ns = 7,
                                      .how = how});
    });
    list.add_merge("join_table", [how] {
      return ops::make_table_join(
          {.left = sides().left.schema, .table = sides().right.schema, .on = {"i"}, .how = how});
    });
  }
}

}  // namespace

const std::vector<StateKind>& state_kinds() {
  static const std::vector<StateKind> kinds = [] {
    List list;
    add_indicators(list);
    add_aggregates(list);
    add_windows(list);
    add_expressions(list);
    add_steps_of_rows(list);
    add_fill(list);
    add_asof_joins(list);
    add_joins(list);
    list.add("merge", [] { return std::make_unique<MergePart>(); });
    list.add("digest", [] { return std::make_unique<DigestPart>(); });
    return list.take();
  }();
  return kinds;
}

}  // namespace headrace::fuzz
