#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <headrace/ops/aggregate/kinds.hpp>
#include <headrace/ops/aggregate/pane_states.hpp>
#include <headrace/ops/aggregate/result_column.hpp>
#include <headrace/ops/kernel/counted.hpp>
#include <headrace/ops/kernel/value_counts.hpp>
#include <headrace/record/own_dictionary.hpp>

namespace headrace::ops {
namespace {

using record::Column;
using record::DType;

// A column's values as 64 bits and back; texts by the code of a dictionary of our own.
class Values {
 public:
  explicit Values(DType type) : type_(type) {}

  [[nodiscard]] DType type() const noexcept { return type_; }
  template <class Take>
  void for_each(const Column& column, std::span<const PaneRow> rows, Take take) {
    switch (type_) {
      case DType::kFloat64:
        return for_each_value<double>(column, rows, [&](auto pane, double x, auto) {
          take(pane, std::bit_cast<std::uint64_t>(x == 0 ? 0.0 : x));
        });
      case DType::kBool:
        return for_each_value<std::uint8_t>(
            column, rows, [&](auto pane, auto x, auto) { take(pane, std::uint64_t{x}); });
      case DType::kString:
        return for_each_value<std::int32_t>(column, rows, [&](auto pane, auto code, auto) {
          if (code < 0) return;
          take(pane, static_cast<std::uint64_t>(words_.translate(column.dictionary, code)));
        });
      default:
        return for_each_value<std::int64_t>(column, rows, [&](auto pane, auto x, auto) {
          take(pane, static_cast<std::uint64_t>(x));
        });
    }
  }
  // Ascending as a user would sort them.
  [[nodiscard]] bool less(std::uint64_t a, std::uint64_t b) const {
    if (type_ == DType::kString) return text(a) < text(b);
    if (type_ == DType::kFloat64) return std::bit_cast<double>(a) < std::bit_cast<double>(b);
    return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b);
  }
  [[nodiscard]] bool can_be(std::uint64_t value) const noexcept {
    if (type_ == DType::kFloat64) {
      const auto x = std::bit_cast<double>(value);
      return !std::isnan(x) && (x != 0 || !std::signbit(x));
    }
    return type_ != DType::kBool || value <= 1;
  }
  [[nodiscard]] std::string_view text(std::uint64_t value) const {
    return words_.get()->text(static_cast<std::int32_t>(value));
  }
  [[nodiscard]] std::uint64_t code_of(std::string_view text) {
    return static_cast<std::uint64_t>(words_.get()->intern(text));
  }
  [[nodiscard]] const record::DictionaryPtr& dictionary() const noexcept { return words_.get(); }

  // Forgets texts that no pane counts any more.
  void renew(std::vector<ValueCounts>& panes) {
    if (type_ != DType::kString || !words_.is_full()) return;
    std::vector<std::vector<ValueCounts::Entry>> entries;
    std::vector<std::int32_t> codes;
    for (const ValueCounts& pane : panes) {
      for (const auto& entry : entries.emplace_back(pane.entries())) {
        codes.push_back(static_cast<std::int32_t>(entry.value));
      }
    }
    words_.renew(codes, std::vector<std::uint8_t>(codes.size(), 1));
    std::size_t at = 0;
    for (std::size_t i = 0; i < panes.size(); ++i) {
      panes[i] = {};
      for (const auto& entry : entries[i]) {
        panes[i].add(static_cast<std::uint64_t>(codes[at++]), entry.count);
      }
    }
  }

 private:
  DType type_;
  record::OwnDictionary words_;
};

// What n_unique, mode and top_k share: the values of each pane with their counts.
class Counted : public Aggregate {
 public:
  Counted(const AggregateArgs& args, std::vector<record::Field> fields)
      : fields_(std::move(fields)), column_(args.columns[0]), values_(args.column(0).type) {}

  const std::vector<record::Field>& fields() const noexcept final { return fields_; }
  void resize(std::size_t panes) final { panes_.resize(panes); }
  void clear(Panes panes) final {
    for (const std::uint32_t pane : panes) panes_[pane] = {};
  }
  void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) final {
    if (!has_results()) values_.renew(panes_);
    values_.for_each(batch.column(column_), rows,
                     [this](auto pane, std::uint64_t value) { panes_[pane].add(value, 1); });
  }
  void merge(std::uint32_t into, std::uint32_t from) final {
    for (const auto& entry : panes_[from].entries()) panes_[into].add(entry.value, entry.count);
  }

  void snapshot(base::ByteWriter& writer, std::uint32_t pane) const final {
    const std::vector<ValueCounts::Entry> entries = sorted_by_value(pane);
    writer.put(static_cast<std::uint64_t>(entries.size()));
    for (const auto& entry : entries) {
      writer.put(entry.count);
      if (values_.type() == DType::kString) {
        writer.put_string(values_.text(entry.value));
      } else {
        writer.put(entry.value);
      }
    }
  }
  base::Status restore(base::ByteReader& reader, std::uint32_t pane) final {
    std::uint64_t size = 0;
    if (base::Status s = reader.get_into(size); !s) return s;
    for (std::uint64_t i = 0; i < size; ++i) {
      std::int64_t count = 0;
      std::uint64_t value = 0;
      if (base::Status s = get_count(reader, count); !s) return s;
      if (base::Status s = restore_value(reader, value); !s) return s;
      if (count > 0) panes_[pane].add(value, count);
      if (panes_[pane].size() != i + 1) {
        return base::Error{.code = base::ErrorCode::kCheckpoint,
                           .message = "snapshot counts a value twice, or not at all"};
      }
    }
    return {};
  }

 protected:
  [[nodiscard]] virtual bool has_results() const noexcept = 0;
  [[nodiscard]] const ValueCounts& counts(std::uint32_t pane) const { return panes_[pane]; }
  [[nodiscard]] const Values& values() const noexcept { return values_; }
  // The most frequent first; of equally frequent ones the smallest.
  [[nodiscard]] std::vector<ValueCounts::Entry> by_frequency(std::uint32_t pane,
                                                             std::size_t most) const {
    std::vector<ValueCounts::Entry> entries = panes_[pane].entries();
    const std::size_t wanted = std::min(most, entries.size());
    std::partial_sort(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(wanted),
                      entries.end(), [this](const auto& a, const auto& b) {
                        return a.count != b.count ? a.count > b.count
                                                  : values_.less(a.value, b.value);
                      });
    entries.resize(wanted);
    return entries;
  }

 private:
  [[nodiscard]] std::vector<ValueCounts::Entry> sorted_by_value(std::uint32_t pane) const {
    std::vector<ValueCounts::Entry> entries = panes_[pane].entries();
    std::sort(entries.begin(), entries.end(),
              [this](const auto& a, const auto& b) { return values_.less(a.value, b.value); });
    return entries;
  }
  base::Status restore_value(base::ByteReader& reader, std::uint64_t& value) {
    if (values_.type() != DType::kString) {
      if (base::Status s = reader.get_into(value); !s) return s;
      if (values_.can_be(value)) return {};
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "snapshot counts a value that is none"};
    }
    base::Result<std::string> text = reader.get_string();
    if (!text) return text.error();
    value = values_.code_of(*text);
    return {};
  }

  std::vector<record::Field> fields_;
  std::size_t column_;
  Values values_;
  std::vector<ValueCounts> panes_;
};

class NUnique final : public Counted {
 public:
  explicit NUnique(const AggregateArgs& args)
      : Counted(args, {{.name = args.name, .type = DType::kInt64}}) {}

  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) {
      results_.push(static_cast<std::int64_t>(counts(pane).size()));
    }
  }
  void take(std::vector<Column>& columns) override { columns.push_back(results_.take()); }

 private:
  bool has_results() const noexcept override { return false; }  // none has a code
  ResultColumn<std::int64_t> results_{DType::kInt64};
};

// Results of a column's own type.
class ValueResults {
 public:
  explicit ValueResults(DType type) : type_(type) {}

  void push(std::uint64_t value) {
    switch (type_) {
      case DType::kFloat64:
        return floats_.push(std::bit_cast<double>(value));
      case DType::kBool:
        return bools_.push(static_cast<std::uint8_t>(value));
      case DType::kString:
        return codes_.push(static_cast<std::int32_t>(value));
      default:
        return integers_.push(static_cast<std::int64_t>(value));
    }
  }
  void push_null() {
    switch (type_) {
      case DType::kFloat64:
        return floats_.push_null();
      case DType::kBool:
        return bools_.push_null();
      case DType::kString:
        return codes_.push_null();
      default:
        return integers_.push_null();
    }
  }
  [[nodiscard]] std::size_t size() const noexcept {
    return floats_.size() + bools_.size() + codes_.size() + integers_.size();
  }
  [[nodiscard]] Column take(const record::DictionaryPtr& dictionary) {
    switch (type_) {
      case DType::kFloat64:
        return floats_.take();
      case DType::kBool:
        return bools_.take();
      case DType::kString:
        return codes_.take(dictionary);
      default:
        return integers_.take();
    }
  }

 private:
  DType type_;
  ResultColumn<double> floats_{DType::kFloat64};
  ResultColumn<std::uint8_t> bools_{DType::kBool};
  ResultColumn<std::int32_t> codes_{DType::kString};
  ResultColumn<std::int64_t> integers_{type_};
};

class Mode final : public Counted {
 public:
  explicit Mode(const AggregateArgs& args)
      : Counted(args, {{.name = args.name, .type = args.column(0).type, .nullable = true}}),
        results_(args.column(0).type) {}

  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) {
      const auto most = by_frequency(pane, 1);
      most.empty() ? results_.push_null() : results_.push(most[0].value);
    }
  }
  void take(std::vector<Column>& columns) override {
    columns.push_back(results_.take(values().dictionary()));
  }

 private:
  bool has_results() const noexcept override { return results_.size() > 0; }
  ValueResults results_;
};

std::vector<record::Field> top_fields(const AggregateArgs& args) {
  std::vector<record::Field> fields;
  for (std::size_t i = 1; i <= static_cast<std::size_t>(args.params[0]); ++i) {
    const std::string name = args.name + "_" + std::to_string(i);
    fields.push_back({.name = name, .type = args.column(0).type, .nullable = true});
    fields.push_back({.name = name + "_count", .type = DType::kInt64, .nullable = true});
  }
  return fields;
}

class TopK final : public Counted {
 public:
  explicit TopK(const AggregateArgs& args)
      : Counted(args, top_fields(args)),
        results_(
            static_cast<std::size_t>(args.params[0]),
            Rank{ValueResults(args.column(0).type), ResultColumn<std::int64_t>(DType::kInt64)}) {}

  void emit(std::span<const std::uint32_t> panes) override {
    for (const std::uint32_t pane : panes) {
      const auto top = by_frequency(pane, results_.size());
      for (std::size_t i = 0; i < results_.size(); ++i) {
        if (i < top.size()) {
          results_[i].value.push(top[i].value);
          results_[i].count.push(top[i].count);
        } else {
          results_[i].value.push_null();
          results_[i].count.push_null();
        }
      }
    }
  }
  void take(std::vector<Column>& columns) override {
    for (Rank& rank : results_) {
      columns.push_back(rank.value.take(values().dictionary()));
      columns.push_back(rank.count.take());
    }
  }

 private:
  struct Rank {
    ValueResults value;
    ResultColumn<std::int64_t> count;
  };
  bool has_results() const noexcept override { return results_[0].value.size() > 0; }
  std::vector<Rank> results_;
};

}  // namespace

base::Result<AggregatePtr> make_n_unique(AggregateArgs args) {
  return AggregatePtr(std::make_unique<NUnique>(args));
}
base::Result<AggregatePtr> make_mode(AggregateArgs args) {
  return AggregatePtr(std::make_unique<Mode>(args));
}
base::Result<AggregatePtr> make_top_k(AggregateArgs args) {
  constexpr double kMost = 100;  // two columns each
  const double k = args.params[0];
  if (!(k >= 1 && k <= kMost) || k != std::floor(k)) {
    return base::invalid_argument("k: expected a whole number from 1 to 100, got " +
                                  std::to_string(k));
  }
  return AggregatePtr(std::make_unique<TopK>(args));
}

}  // namespace headrace::ops
