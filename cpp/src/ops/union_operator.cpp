#include <headrace/ops/union_operator.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <headrace/base/nearest.hpp>
#include <headrace/record/own_dictionary.hpp>

namespace headrace::ops {
namespace {

using base::Result;
using record::Column;
using record::DType;
using record::RecordBatch;

// The strings of one column, whichever input they came from.
class SharedWords {
 public:
  explicit SharedWords(std::size_t inputs) : known_(inputs) {}

  void begin_batch() {
    if (own_->memory() <= record::OwnDictionary::kCap) return;
    own_ = std::make_shared<record::Dictionary>();
    for (Known& known : known_) known = {};
  }
  [[nodiscard]] const record::DictionaryPtr& get() const noexcept { return own_; }
  [[nodiscard]] std::int32_t translate(std::size_t input, const record::DictionaryPtr& from,
                                       std::int32_t code) {
    Known& known = known_[input];
    if (known.from != from) known = {.from = from, .codes = {}};
    const auto at = static_cast<std::size_t>(code);
    if (at >= known.codes.size()) known.codes.resize(at + at / 2 + 64, -1);
    if (known.codes[at] < 0) known.codes[at] = own_->intern(from->text(code));
    return known.codes[at];
  }

 private:
  struct Known {
    record::DictionaryPtr from;
    std::vector<std::int32_t> codes;  // ours, by code of `from`; -1: not yet
  };
  record::DictionaryPtr own_ = std::make_shared<record::Dictionary>();
  std::vector<Known> known_;  // by input
};

// Where each run is taken from and goes to.
struct Stretch {
  std::size_t input = 0;
  std::size_t from = 0;
  std::size_t to = 0;
  std::size_t rows = 0;
};

std::vector<Stretch> stretches(std::size_t inputs, std::span<const MergedRun> order) {
  std::vector<std::size_t> next(inputs, 0);
  std::vector<Stretch> all;
  std::size_t to = 0;
  for (const MergedRun& run : order) {
    all.push_back({.input = run.input, .from = next[run.input], .to = to, .rows = run.rows});
    next[run.input] += run.rows;
    to += run.rows;
  }
  return all;
}

template <class T, class BufferOf>
record::BufferPtr woven(std::span<const Stretch> plan, std::size_t rows, BufferOf buffer_of) {
  record::BufferPtr made = record::Buffer::allocate(rows * sizeof(T));
  T* const to = made->as<T>();
  for (const Stretch& s : plan) {
    const T* const from = buffer_of(s.input)->template as<T>() + s.from;
    std::copy_n(from, s.rows, to + s.to);
  }
  return made;
}

class UnionOperator final : public MergeOperator {
 public:
  UnionOperator(record::SchemaPtr output, std::vector<std::vector<std::size_t>> places,
                const UnionArgs& args)
      : output_(std::move(output)), places_(std::move(places)), with_source_(args.source) {
    words_.assign(output_->size(), SharedWords(places_.size()));
    for (const std::string& name : args.names) codes_.push_back(names_->intern(name));
  }

  const record::SchemaPtr& output_schema() const noexcept override { return output_; }

  base::Status process(std::span<const RecordBatch> inputs, std::span<const MergedRun> order,
                       RecordBatch& out, record::Rejects& /*rejects*/) override {
    if (inputs.size() == 1 && !with_source_) {
      out = inputs[0];
      return {};
    }
    const std::vector<Stretch> plan = stretches(inputs.size(), order);
    const std::size_t rows = plan.empty() ? 0 : plan.back().to + plan.back().rows;
    std::vector<Column> columns;
    for (std::size_t c = 0; c < places_.front().size(); ++c) {
      columns.push_back(column(inputs, plan, rows, c));
    }
    if (with_source_) columns.push_back(source_column(plan, rows));
    out = RecordBatch(output_, rows, std::move(columns));
    add_system_columns(inputs, plan, out);
    return {};
  }

  base::Status finish(RecordBatch& out, record::Rejects& /*rejects*/) override {
    out = RecordBatch(output_, 0, {});
    return {};
  }

  void snapshot(base::ByteWriter& /*writer*/) const override {}
  base::Status restore(base::ByteReader& /*reader*/) override { return {}; }

 private:
  [[nodiscard]] Column column(std::span<const RecordBatch> inputs, std::span<const Stretch> plan,
                              std::size_t rows, std::size_t c) {
    const auto of = [&](std::size_t k) -> const Column& { return inputs[k].column(places_[k][c]); };
    const auto data_of = [&](std::size_t k) -> const record::BufferPtr& { return of(k).data; };
    Column made{.type = output_->fields()[c].type, .data = {}, .validity = {}, .dictionary = {}};
    if (made.type == DType::kString) {
      weave_strings(plan, rows, of, words_[c], made);
    } else if (made.type == DType::kBool) {
      made.data = woven<std::uint8_t>(plan, rows, data_of);
    } else {
      made.data = woven<std::uint64_t>(plan, rows, data_of);
    }
    for (const Stretch& s : plan) {
      if (!of(s.input).validity) continue;
      for (std::size_t i = 0; i < s.rows; ++i) {
        if (!of(s.input).is_valid(s.from + i)) made.set_null(s.to + i, rows);
      }
    }
    return made;
  }

  template <class ColumnOf>
  static void weave_strings(std::span<const Stretch> plan, std::size_t rows, const ColumnOf& of,
                            SharedWords& words, Column& made) {
    words.begin_batch();
    made.data = record::Buffer::allocate(rows * sizeof(std::int32_t));
    auto* const to = made.mutable_values<std::int32_t>();
    for (const Stretch& s : plan) {
      const Column& from = of(s.input);
      const auto* const codes = from.template values<std::int32_t>();
      for (std::size_t i = 0; i < s.rows; ++i) {
        const std::int32_t code = codes[s.from + i];
        to[s.to + i] = code < 0 ? -1 : words.translate(s.input, from.dictionary, code);
      }
    }
    made.dictionary = words.get();
  }

  [[nodiscard]] Column source_column(std::span<const Stretch> plan, std::size_t rows) const {
    Column made = Column::make(DType::kString, rows);
    made.dictionary = names_;
    for (const Stretch& s : plan) {
      std::fill_n(made.mutable_values<std::int32_t>() + s.to, s.rows, codes_[s.input]);
    }
    return made;
  }

  static void add_system_columns(std::span<const RecordBatch> inputs, std::span<const Stretch> plan,
                                 RecordBatch& out) {
    const auto weave = [&]<class T>(record::BufferPtr RecordBatch::*buffer, T /*type*/) {
      out.*buffer = woven<T>(plan, out.rows(), [&](std::size_t k) { return inputs[k].*buffer; });
    };
    weave(&RecordBatch::offsets, std::int64_t{});
    weave(&RecordBatch::event_times, std::int64_t{});
    weave(&RecordBatch::origins, record::TaskId{});
  }

  record::SchemaPtr output_;
  std::vector<std::vector<std::size_t>> places_;  // by input: where each output column is
  bool with_source_;
  std::vector<SharedWords> words_;  // by output column; strings only use it
  record::DictionaryPtr names_ = std::make_shared<record::Dictionary>();
  std::vector<std::int32_t> codes_;  // of the inputs' names
};

base::Error misfit(std::size_t input, const std::string& what) {
  return base::invalid_argument("union: stream " + std::to_string(input + 1) + " " + what);
}

// Where the columns of the first input are in another one.
Result<std::vector<std::size_t>> places_in(const UnionArgs& args, std::size_t input) {
  const record::Schema& first = *args.inputs.front();
  const record::Schema& other = *args.inputs[input];
  std::vector<std::size_t> places;
  for (const record::Field& field : first.fields()) {
    const int at = other.index_of(field.name);
    if (at < 0) return misfit(input, "has no column \"" + field.name + "\"");
    const record::Field& its = other.fields()[static_cast<std::size_t>(at)];
    if (its.is_list() != field.is_list()) {
      return misfit(input, (its.is_list() ? "has " + field.name + " as a list, the first has not"
                                          : "has " + field.name + " not as a list, as the first"));
    }
    if (its.type != field.type) {
      return misfit(input, "has " + field.name + " as " + std::string(name_of(its.type)) +
                               ", the first as " + std::string(name_of(field.type)));
    }
    places.push_back(static_cast<std::size_t>(at));
  }
  if (other.size() == first.size()) return places;
  for (const record::Field& field : other.fields()) {
    if (first.index_of(field.name) < 0) {
      return misfit(input, "has a column \"" + field.name + "\" that the first does not have");
    }
  }
  return places;
}

std::optional<std::string> name_at(const record::Schema& schema, int index) {
  if (index < 0) return std::nullopt;
  return schema.fields()[static_cast<std::size_t>(index)].name;
}

Result<record::SchemaPtr> united(const UnionArgs& args,
                                 const std::vector<std::vector<std::size_t>>& places) {
  const record::Schema& first = *args.inputs.front();
  std::vector<record::Field> fields = first.fields();
  std::optional<std::string> key = name_at(first, first.key_index());
  const std::optional<std::string> time = name_at(first, first.event_time_index());
  for (std::size_t k = 1; k < args.inputs.size(); ++k) {
    const record::Schema& other = *args.inputs[k];
    for (std::size_t c = 0; c < fields.size(); ++c) {
      fields[c].nullable = fields[c].nullable || other.fields()[places[k][c]].nullable;
    }
    if (name_at(other, other.event_time_index()) != time) {
      return misfit(k, "has " + name_at(other, other.event_time_index()).value_or("no column") +
                           " as its event time, the first has " + time.value_or("none"));
    }
    if (name_at(other, other.key_index()) != key) key.reset();
  }
  if (args.source) {
    if (first.index_of(*args.source) >= 0) {
      return base::invalid_argument("union: source=\"" + *args.source +
                                    "\": there is a column of this name already");
    }
    fields.push_back({.name = *args.source, .type = DType::kString, .nullable = false});
  }
  return std::make_shared<const record::Schema>(std::move(fields), time, key);
}

}  // namespace

Result<MergeOperatorPtr> make_union_operator(UnionArgs args) {
  if (args.inputs.empty()) return base::invalid_argument("union: expected at least one stream");
  if (args.source && args.names.size() != args.inputs.size()) {
    return base::invalid_argument("union: expected a name for each of " +
                                  std::to_string(args.inputs.size()) + " streams, got " +
                                  std::to_string(args.names.size()));
  }
  std::vector<std::vector<std::size_t>> places;
  for (std::size_t k = 0; k < args.inputs.size(); ++k) {
    Result<std::vector<std::size_t>> in = places_in(args, k);
    if (!in) return in.error();
    places.push_back(std::move(*in));
  }
  Result<record::SchemaPtr> output = united(args, places);
  if (!output) return output.error();
  return MergeOperatorPtr(
      std::make_unique<UnionOperator>(std::move(*output), std::move(places), args));
}

}  // namespace headrace::ops
