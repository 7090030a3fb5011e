#include <headrace/ops/validate_operator.hpp>

#include <algorithm>
#include <utility>

#include <headrace/ops/condition.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {
namespace {

using record::RecordBatch;

struct CheckedRule {
  std::string name;
  Condition condition;
  std::vector<std::pair<std::string, std::size_t>> columns;  // that it looks at, in this schema
};

constexpr std::uint32_t kPassed = ~std::uint32_t{0};

class ValidateOperator final : public Operator {
 public:
  ValidateOperator(record::SchemaPtr output, OnReject on_reject, std::vector<CheckedRule> rules)
      : output_(std::move(output)), on_reject_(on_reject), rules_(std::move(rules)) {
    if (on_reject_ != OnReject::kFlag) return;
    names_ = std::make_shared<record::Dictionary>();
    for (const CheckedRule& rule : rules_) codes_.push_back(names_->intern(rule.name));
  }

  const record::SchemaPtr& output_schema() const noexcept override { return output_; }
  std::uint64_t dropped() const noexcept override { return dropped_; }

  base::Status process(RecordBatch& batch, record::Rejects& rejects) override {
    bool all_pass = true;
    for (CheckedRule& rule : rules_) {
      rule.condition.evaluate(batch);
      all_pass = rule.condition.holds_everywhere() && all_pass;
    }
    if (!all_pass) find_failures(batch.rows());
    if (on_reject_ == OnReject::kFlag) {
      batch.add_column(output_, flags(batch.rows(), all_pass));
    } else if (!all_pass) {
      remove_failures(batch, rejects);
    }
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override {
    for (const CheckedRule& rule : rules_) rule.condition.snapshot(writer);
  }
  base::Status restore(base::ByteReader& reader) override {
    for (CheckedRule& rule : rules_) {
      if (base::Status status = rule.condition.restore(reader); !status) return status;
    }
    return {};
  }

 private:
  // failed_[row]: the first rule that is not true there.
  void find_failures(std::size_t rows) {
    failed_.assign(rows, kPassed);
    for (std::size_t r = rules_.size(); r-- > 0;) {
      const Condition& condition = rules_[r].condition;
      if (condition.holds_everywhere()) continue;
      for (std::size_t row = 0; row < rows; ++row) {
        if (!condition.holds(row)) failed_[row] = static_cast<std::uint32_t>(r);
      }
    }
  }

  void remove_failures(RecordBatch& batch, record::Rejects& rejects) {
    kept_.clear();
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (failed_[row] == kPassed) {
        kept_.push_back(static_cast<std::uint32_t>(row));
      } else if (on_reject_ == OnReject::kDeadLetter) {
        rejects.push_back(reject(batch, row, rules_[failed_[row]]));
      } else {
        ++dropped_;
      }
    }
    batch.gather(kept_);
  }

  static record::Reject reject(const RecordBatch& batch, std::size_t row, const CheckedRule& rule) {
    std::string detail =
        "rule \"" + rule.name + (rule.condition.is_null(row) ? "\" is null: " : "\" is false: ");
    for (std::size_t i = 0; i < rule.columns.size(); ++i) {
      const auto& [name, index] = rule.columns[i];
      detail += (i == 0 ? "" : ", ") + name + "=" + record::value_text(batch.column(index), row);
    }
    if (rule.columns.empty()) detail += "it looks at no column";
    record::Reject result;
    result.reason = record::RejectReason::kRule;
    result.detail = std::move(detail);
    result.field = rule.name;
    result.task = batch.origin(row);
    if (batch.offsets) result.offset = batch.offset_values()[row];
    return result;
  }

  [[nodiscard]] record::Column flags(std::size_t rows, bool all_pass) const {
    record::Column column = record::Column::make(record::DType::kString, rows);
    column.dictionary = names_;
    auto* codes = column.mutable_values<std::int32_t>();
    std::fill_n(codes, rows, -1);
    column.validity = record::Buffer::allocate_zeroed((rows + 7) / 8);
    if (all_pass) return column;
    auto* bits = column.validity->as<std::uint8_t>();
    for (std::size_t row = 0; row < rows; ++row) {
      if (failed_[row] == kPassed) continue;
      codes[row] = codes_[failed_[row]];
      bits[row >> 3U] |= static_cast<std::uint8_t>(1U << (row & 7U));
    }
    return column;
  }

  record::SchemaPtr output_;
  OnReject on_reject_;
  std::vector<CheckedRule> rules_;
  record::DictionaryPtr names_;  // of the rules, for flags
  std::vector<std::int32_t> codes_;
  std::vector<std::uint32_t> failed_;
  std::vector<std::uint32_t> kept_;
  std::uint64_t dropped_ = 0;
};

base::Result<CheckedRule> checked(const Rule& rule, const record::Schema& schema) {
  base::Result<Condition> condition =
      Condition::compile("validate: rule \"" + rule.name + "\"", rule.expression, schema);
  if (!condition) return condition.error();
  CheckedRule result{.name = rule.name, .condition = std::move(*condition), .columns = {}};
  for (std::string& name : validate::columns_of(rule.expression)) {
    const auto index = static_cast<std::size_t>(schema.index_of(name));
    result.columns.emplace_back(std::move(name), index);
  }
  return result;
}

base::Result<record::SchemaPtr> schema_after(const ValidateArgs& args) {
  if (args.on_reject != OnReject::kFlag) return args.schema;
  base::Result<record::Schema> flagged =
      args.schema->with({.name = kFlagColumn, .type = record::DType::kString, .nullable = true});
  if (!flagged) {
    return base::Error{.code = base::ErrorCode::kSchema,
                       .message =
                           "validate: on_reject=\"flag\" adds the column \"rejected\", which "
                           "is there already; put all rules into one validate"};
  }
  return record::SchemaPtr(std::make_shared<const record::Schema>(std::move(*flagged)));
}

}  // namespace

base::Result<OperatorPtr> make_validate_operator(ValidateArgs args) {
  if (args.rules.empty()) return base::invalid_argument("validate: expected at least one rule");
  base::Result<record::SchemaPtr> output = schema_after(args);
  if (!output) return output.error();
  std::vector<CheckedRule> rules;
  for (const Rule& rule : args.rules) {
    base::Result<CheckedRule> compiled = checked(rule, *args.schema);
    if (!compiled) return compiled.error();
    rules.push_back(std::move(*compiled));
  }
  return OperatorPtr(
      std::make_unique<ValidateOperator>(std::move(*output), args.on_reject, std::move(rules)));
}

}  // namespace headrace::ops
