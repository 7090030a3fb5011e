#include <headrace/ops/columns_operator.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace headrace::ops {
namespace {

using record::Column;
using record::Field;
using record::RecordBatch;
using record::Schema;
using record::SchemaPtr;

base::Error schema_error(std::string message) {
  return {.code = base::ErrorCode::kSchema, .message = "with_columns: " + std::move(message)};
}

base::Error prefixed(base::Error error, const std::string& name) {
  error.message = "with_columns: " + name + ": " + error.message;
  return error;
}

// One expression or indicator, and where its columns go.
struct Part {
  std::optional<validate::CompiledExpression> expression;
  OperatorPtr indicator;
  std::vector<std::size_t> places;  // in the output schema
};

class ColumnsOperator final : public Operator {
 public:
  ColumnsOperator(SchemaPtr input, SchemaPtr output, std::vector<Part> parts)
      : input_(std::move(input)), output_(std::move(output)), parts_(std::move(parts)) {}

  const SchemaPtr& output_schema() const noexcept override { return output_; }

  base::Status process(RecordBatch& batch, record::Rejects& rejects) override {
    std::vector<Column> made(output_->size());
    for (Part& part : parts_) {
      if (part.expression) {
        made[part.places[0]] = part.expression->evaluate(batch);
      } else if (base::Status status = run_indicator(part, batch, rejects, made); !status) {
        return status;
      }
    }
    for (std::size_t i = 0; i < input_->size(); ++i) {
      if (!made[i].data) made[i] = std::move(batch.column(i));
    }
    batch.replace_columns(output_, std::move(made));
    return {};
  }

  void snapshot(base::ByteWriter& writer) const override {
    for (const Part& part : parts_) {
      part.expression ? part.expression->snapshot(writer) : part.indicator->snapshot(writer);
    }
  }
  base::Status restore(base::ByteReader& reader) override {
    for (Part& part : parts_) {
      base::Status status =
          part.expression ? part.expression->restore(reader) : part.indicator->restore(reader);
      if (!status) return status;
    }
    return {};
  }

 private:
  // Takes the columns that the indicator appended off the batch again: the next part shall see the
  // batch as it was before the step.
  base::Status run_indicator(Part& part, RecordBatch& batch, record::Rejects& rejects,
                             std::vector<Column>& made) {
    if (base::Status status = part.indicator->process(batch, rejects); !status) return status;
    std::vector<Column> before;
    before.reserve(batch.columns().size());
    for (std::size_t i = 0; i < input_->size(); ++i) before.push_back(std::move(batch.column(i)));
    for (std::size_t i = 0; i < part.places.size(); ++i) {
      made[part.places[i]] = std::move(batch.column(input_->size() + i));
    }
    batch.replace_columns(input_, std::move(before));
    return {};
  }

  SchemaPtr input_;
  SchemaPtr output_;
  std::vector<Part> parts_;
};

// Builds parts and, as they come, the fields after the step.
class Assembler {
 public:
  explicit Assembler(SchemaPtr schema) : schema_(std::move(schema)), fields_(schema_->fields()) {}

  base::Status add(const NewColumns& columns) {
    const auto* tree = std::get_if<validate::Expression>(&columns.source);
    return tree != nullptr ? add_expression(columns.names, *tree)
                           : add_indicator(columns.names, std::get<IndicatorCall>(columns.source));
  }

  base::Result<OperatorPtr> finish() {
    const auto name_at = [this](int index) {
      return index < 0 ? std::optional<std::string>()
                       : schema_->fields()[static_cast<std::size_t>(index)].name;
    };
    auto output = std::make_shared<const Schema>(
        std::move(fields_), name_at(schema_->event_time_index()), name_at(schema_->key_index()));
    return OperatorPtr(std::make_unique<ColumnsOperator>(std::move(schema_), std::move(output),
                                                         std::move(parts_)));
  }

 private:
  base::Status add_expression(const std::vector<std::string>& names,
                              const validate::Expression& tree) {
    if (names.size() != 1) return schema_error("an expression makes one column");
    auto compiled = validate::CompiledExpression::compile(tree, *schema_);
    if (!compiled) return prefixed(compiled.error(), names[0]);
    base::Result<std::size_t> at =
        place({.name = names[0], .type = compiled->type(), .nullable = compiled->nullable()});
    if (!at) return at.error();
    parts_.push_back({.expression = std::move(*compiled), .indicator = nullptr, .places = {*at}});
    return {};
  }

  base::Status add_indicator(const std::vector<std::string>& names, const IndicatorCall& call) {
    IndicatorArgs args{.schema = schema_, .inputs = {}, .params = call.params, .outputs = {}};
    for (const std::string& input : call.inputs) {
      const base::Result<int> index = schema_->require(input);
      if (!index) return prefixed(index.error(), call.info->name);
      args.inputs.push_back(*index);
    }
    // Within the indicator's own view of the batch a column that it replaces is still there.
    for (const std::string& name : names) {
      args.outputs.push_back(schema_->index_of(name) < 0 ? name : unused_name(name));
    }
    base::Result<OperatorPtr> made = call.info->make(std::move(args));
    if (!made) {
      base::Error error = made.error();
      error.message = "with_columns: " + error.message;
      return error;
    }
    Part part{.expression = std::nullopt, .indicator = std::move(*made), .places = {}};
    const std::vector<Field>& fields = part.indicator->output_schema()->fields();
    for (std::size_t i = 0; i < names.size(); ++i) {
      Field field = fields[schema_->size() + i];
      base::Result<std::size_t> at =
          place({.name = names[i], .type = field.type, .nullable = field.nullable});
      if (!at) return at.error();
      part.places.push_back(*at);
    }
    parts_.push_back(std::move(part));
    return {};
  }

  [[nodiscard]] std::string unused_name(std::string name) const {
    while (schema_->index_of(name) >= 0) name += '\'';
    return name;
  }

  // Where the column goes: in the place of its namesake, or at the end.
  base::Result<std::size_t> place(Field field) {
    if (field.name.empty()) return schema_error("a column needs a name");
    if (std::find(made_.begin(), made_.end(), field.name) != made_.end()) {
      return schema_error("column \"" + field.name + "\" is made twice");
    }
    made_.push_back(field.name);
    const int there = schema_->index_of(field.name);
    if (there < 0) {
      fields_.push_back(std::move(field));
      return fields_.size() - 1;
    }
    if (there == schema_->event_time_index() || there == schema_->key_index()) {
      return schema_error("column \"" + field.name + "\" is the " +
                          (there == schema_->key_index() ? "key" : "event time") +
                          " and cannot be replaced; give the new column another name");
    }
    fields_[static_cast<std::size_t>(there)] = std::move(field);
    return static_cast<std::size_t>(there);
  }

  SchemaPtr schema_;
  std::vector<Field> fields_;
  std::vector<Part> parts_;
  std::vector<std::string> made_;
};

}  // namespace

base::Result<OperatorPtr> make_columns_operator(SchemaPtr schema,
                                                const std::vector<NewColumns>& columns) {
  if (columns.empty()) {
    return base::invalid_argument("with_columns: expected at least one column");
  }
  Assembler assembler(std::move(schema));
  for (const NewColumns& column : columns) {
    if (base::Status status = assembler.add(column); !status) return status.error();
  }
  return assembler.finish();
}

}  // namespace headrace::ops
