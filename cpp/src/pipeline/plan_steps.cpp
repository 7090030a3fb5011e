#include <headrace/pipeline/plan_json.hpp>
#include <headrace/pipeline/plan_schema.hpp>
#include <headrace/pipeline/plan_steps.hpp>
#include <headrace/pipeline/plan_window.hpp>
#include <headrace/pipeline/plan_zone.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include <headrace/base/nearest.hpp>
#include <headrace/ops/deduplicate_operator.hpp>
#include <headrace/ops/explode_operator.hpp>
#include <headrace/ops/filter_operator.hpp>
#include <headrace/ops/late_operator.hpp>
#include <headrace/ops/map_operator.hpp>
#include <headrace/ops/select_operator.hpp>
#include <headrace/ops/sort_within_operator.hpp>
#include <headrace/ops/unpivot_operator.hpp>
#include <headrace/pipeline/plan_joins.hpp>

namespace headrace::pipeline {
namespace {

using base::Result;
using ops::OperatorPtr;
using simdjson::dom::element;

// ---- JSON to spec

validate::Expression parse_tree(const JsonObject& object) {
  Result<validate::Expression> tree = validate::parse_expression(json_text(object.require("expr")));
  if (tree) return std::move(*tree);
  base::Error error = tree.error();
  error.message = object.where() + ": " + error.message;
  throw base::Exception(error);
}

StepSpec parse_validate(const element& json) {
  static const std::vector<std::string> kChoices{"dead_letter", "drop", "flag"};
  const JsonObject object(json, "validate", {"op", "rules", "on_reject"});
  ValidateSpec spec;
  for (const element& entry : object.list("rules")) {
    const JsonObject rule(entry, "validate: rule", {"name", "expr"});
    spec.rules.push_back({.name = rule.text("name"), .expression = parse_tree(rule)});
  }
  spec.on_reject = static_cast<ops::OnReject>(object.choice("on_reject", kChoices, 0));
  return spec;
}

const ops::IndicatorInfo& indicator_named(const std::string& name) {
  if (const ops::IndicatorInfo* info = ops::find_indicator(name)) return *info;
  std::vector<std::string> names;
  for (const ops::IndicatorInfo& info : ops::indicators()) names.push_back(info.name);
  throw plan_error("with_columns: " + base::unknown_name("indicator", name, names));
}

// Parameters in the indicator's order, defaults where they are not given.
std::vector<double> parse_params(const ops::IndicatorInfo& info, const element& json) {
  std::vector<double> values;
  std::vector<std::string> names;
  for (const ops::ParamInfo& param : info.params) {
    values.push_back(param.default_value);
    names.push_back(param.name);
  }
  simdjson::dom::object given;
  if (json.get(given) != simdjson::SUCCESS) {
    throw plan_error("with_columns: " + info.name + ": \"params\": expected an object, got " +
                     json_excerpt(json));
  }
  for (const auto& [name, value] : given) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) {
      throw plan_error("with_columns: " + info.name + ": " +
                       base::unknown_name("parameter", name, names));
    }
    double& number = values[static_cast<std::size_t>(at - names.begin())];
    if (!value.is_number() || value.get(number) != simdjson::SUCCESS) {
      throw plan_error("with_columns: " + info.name + ": " + std::string(name) +
                       ": expected a number, got " + json_excerpt(value));
    }
  }
  return values;
}

ops::NewColumns parse_column(const element& json) {
  static const std::vector<std::string> kKinds{"expr", "indicator"};
  const JsonObject any(json, "with_columns: column",
                       {"kind", "name", "expr", "indicator", "inputs", "params", "outputs"});
  (void)any.require("kind");
  if (any.choice("kind", kKinds, 0) == 0) {
    const JsonObject object(json, "with_columns: column", {"kind", "name", "expr"});
    return {.names = {object.text("name")}, .source = parse_tree(object)};
  }
  const JsonObject object(json, "with_columns: column",
                          {"kind", "indicator", "inputs", "params", "outputs"});
  const ops::IndicatorInfo& info = indicator_named(object.text("indicator"));
  ops::IndicatorCall call{.info = &info, .inputs = object.texts("inputs"), .params = {}};
  call.params = parse_params(info, object.require("params"));
  return {.names = object.texts("outputs"), .source = std::move(call)};
}

StepSpec parse_columns(const element& json) {
  const JsonObject object(json, "with_columns", {"op", "columns"});
  ColumnsSpec spec;
  for (const element& entry : object.list("columns")) spec.columns.push_back(parse_column(entry));
  return spec;
}

StepSpec parse_filter(const element& json) {
  return FilterSpec{parse_tree(JsonObject(json, "filter", {"op", "expr"}))};
}

StepSpec parse_select(const element& json) {
  return SelectSpec{JsonObject(json, "select", {"op", "columns"}).texts("columns")};
}

std::size_t parse_index(const JsonObject& object, std::string_view key) {
  const std::int64_t index = object.integer(key);
  if (index < 0) throw object.wrong(key, "an index", object.require(key));
  return static_cast<std::size_t>(index);
}

StepSpec parse_predict(const element& json) {
  const JsonObject object(json, "predict", {"op", "predictor", "inputs", "outputs", "window"});
  PredictSpec spec;
  spec.predictor = parse_index(object, "predictor");
  spec.inputs = object.texts("inputs");
  spec.outputs = object.texts("outputs");
  if (object.find("window")) spec.window = object.integer("window");
  return spec;
}

StepSpec parse_deduplicate(const element& json) {
  const JsonObject object(json, "deduplicate", {"op", "by", "within_ns"});
  DeduplicateSpec spec{.by = object.texts("by"), .within_ns = {}};
  if (object.find("within_ns")) spec.within_ns = object.integer("within_ns");
  return spec;
}

StepSpec parse_sort_within(const element& json) {
  static const std::vector<std::string> kLate{"side_output", "count"};
  const JsonObject object(json, "sort_within", {"op", "grace_ns", "max_skew_ns", "on_late"});
  SortWithinSpec spec{.grace_ns = object.integer("grace_ns"), .late = {}};
  if (object.find("max_skew_ns")) spec.late.max_skew = object.integer("max_skew_ns");
  spec.late.only_count = object.choice("on_late", kLate, 0) == 1;
  return spec;
}

StepSpec parse_compose_time(const element& json) {
  const JsonObject object(json, "timestamp_from",
                          {"op", "name", "at", "date", "year", "month", "day", "clock", "zone",
                           "nullable", "event_time"});
  ops::ComposeTimeArgs args;
  args.name = object.text("name");
  const std::int64_t at = object.integer("at");
  if (at < 0) throw object.wrong("at", "a place from 0", object.require("at"));
  args.at = static_cast<std::size_t>(at);
  args.parts = {.date = object.text_if("date"),
                .year = object.text_if("year"),
                .month = object.text_if("month"),
                .day = object.text_if("day"),
                .clock = object.text_if("clock")};
  if (const std::optional<element> zone = object.find("zone")) args.zone = parse_time_zone(*zone);
  args.nullable = object.truth("nullable", false);
  args.event_time = object.truth("event_time", false);
  return ComposeTimeSpec{std::move(args)};
}

StepSpec parse_window_step(const element& json) { return WindowSpec{parse_window(json)}; }
StepSpec parse_fill_step(const element& json) { return FillSpec{parse_fill(json)}; }
StepSpec parse_unpivot(const element& json) {
  const JsonObject object(json, "unpivot",
                          {"op", "on", "index", "variable_name", "value_name", "key_is_variable"});
  const auto texts_if = [&](std::string_view key) {
    return object.find(key) ? std::optional(object.texts(key)) : std::nullopt;
  };
  return UnpivotSpec{.on = texts_if("on"),
                     .index = texts_if("index"),
                     .variable_name = object.text_if("variable_name").value_or("variable"),
                     .value_name = object.text_if("value_name").value_or("value"),
                     .key_is_variable = object.truth("key_is_variable", false)};
}

StepSpec parse_explode(const element& json) {
  const JsonObject object(json, "explode", {"op", "column", "keep_empty"});
  return ExplodeSpec{.column = object.text("column"),
                     .keep_empty = object.truth("keep_empty", false)};
}

StepSpec parse_static_join(const element& json) {
  const JsonObject object(json, "join", {"op", "on", "table", "suffix", "how"});
  return StaticJoinSpec{.on = object.texts("on"),
                        .table = object.text("table"),
                        .suffix = object.text("suffix"),
                        .how = parse_how(object)};
}

// The name is for whoever reads the plan.
StepSpec parse_map(const element& json) {
  const JsonObject object(json, "map_batches", {"op", "function", "name", "schema"});
  return MapSpec{.function = parse_index(object, "function"),
                 .schema = std::make_shared<const record::Schema>(
                     parse_schema(json_text(object.require("schema"))))};
}

// ---- spec to operator

base::Error prefixed(const std::string& who, base::Error error) {
  if (!error.message.starts_with(who)) error.message = who + ": " + error.message;
  return error;
}

base::Status check_window(const PredictSpec& spec, const model::Predictor& predictor) {
  if (!spec.window || *spec.window == static_cast<std::int64_t>(predictor.window())) return {};
  return base::Error{.code = base::ErrorCode::kModel,
                     .message = "predict: the model was loaded for a window of " +
                                std::to_string(predictor.window()) + " rows, the step has " +
                                std::to_string(*spec.window)};
}

struct Maker {
  const record::SchemaPtr& schema;
  const Outside& outside;

  Result<OperatorPtr> operator()(const ValidateSpec& spec) const {
    return ops::make_validate_operator(
        {.schema = schema, .rules = spec.rules, .on_reject = spec.on_reject});
  }
  Result<OperatorPtr> operator()(const ColumnsSpec& spec) const {
    return ops::make_columns_operator(schema, spec.columns);
  }
  Result<OperatorPtr> operator()(const FilterSpec& spec) const {
    return ops::make_filter_operator(schema, spec.condition);
  }
  Result<OperatorPtr> operator()(const SelectSpec& spec) const {
    return ops::make_select_operator(schema, spec.columns);
  }
  Result<OperatorPtr> operator()(const DeduplicateSpec& spec) const {
    return ops::make_deduplicate_operator(
        {.schema = schema, .by = spec.by, .within_ns = spec.within_ns});
  }
  Result<OperatorPtr> operator()(const LateSpec& spec) const {
    return ops::make_late_operator(schema, spec.grace_ns, spec.options);
  }
  Result<OperatorPtr> operator()(const SortWithinSpec& spec) const {
    return ops::make_sort_within_operator(schema, spec.grace_ns);
  }
  Result<OperatorPtr> operator()(const ComposeTimeSpec& spec) const {
    ops::ComposeTimeArgs args = spec.args;
    args.schema = schema;
    return ops::make_compose_time_operator(std::move(args));
  }
  Result<OperatorPtr> operator()(const WindowSpec& spec) const {
    ops::WindowArgs args = spec.args;
    args.schema = schema;
    return ops::make_window_operator(std::move(args));
  }
  Result<OperatorPtr> operator()(const UnpivotSpec& spec) const {
    return ops::make_unpivot_operator({.schema = schema,
                                       .on = spec.on ? *spec.on : all_but(spec.index),
                                       .index = spec.index ? *spec.index : all_but(spec.on),
                                       .variable_name = spec.variable_name,
                                       .value_name = spec.value_name,
                                       .key_is_variable = spec.key_is_variable});
  }
  // Where no names are given either, there is nothing to leave out and nothing that was meant.
  [[nodiscard]] std::vector<std::string> all_but(
      const std::optional<std::vector<std::string>>& named) const {
    std::vector<std::string> others;
    for (const record::Field& field : schema->fields()) {
      if (named && std::find(named->begin(), named->end(), field.name) == named->end()) {
        others.push_back(field.name);
      }
    }
    return others;
  }

  Result<OperatorPtr> operator()(const ExplodeSpec& spec) const {
    return ops::make_explode_operator(
        {.schema = schema, .column = spec.column, .keep_empty = spec.keep_empty});
  }
  Result<OperatorPtr> operator()(const StaticJoinSpec& spec) const {
    const auto at = std::find_if(outside.tables.begin(), outside.tables.end(),
                                 [&](const auto& table) { return table->id() == spec.table; });
    if (at == outside.tables.end() || (*at)->on() != spec.on) {
      return base::invalid_argument("join: no table " + spec.table + " by these columns");
    }
    return ops::make_static_join(
        {.schema = schema, .table = *at, .suffix = spec.suffix, .how = spec.how});
  }
  Result<OperatorPtr> operator()(const FillSpec& spec) const {
    ops::FillArgs args = spec.args;
    args.schema = schema;
    return ops::make_fill_operator(std::move(args));
  }
  Result<OperatorPtr> operator()(const MapSpec& spec) const {
    const auto& functions = outside.functions;
    if (spec.function >= functions.size()) {
      return base::invalid_argument("map_batches: no function " + std::to_string(spec.function) +
                                    "; there are " + std::to_string(functions.size()));
    }
    return ops::make_map_operator({.output = spec.schema, .function = functions[spec.function]});
  }
  Result<OperatorPtr> operator()(const PredictSpec& spec) const {
    const auto& predictors = outside.predictors;
    if (spec.predictor >= predictors.size()) {
      return base::invalid_argument("predict: no predictor " + std::to_string(spec.predictor) +
                                    "; there are " + std::to_string(predictors.size()));
    }
    model::PredictArgs args{.schema = schema,
                            .predictor = predictors[spec.predictor],
                            .inputs = {},
                            .outputs = spec.outputs};
    if (base::Status fits = check_window(spec, *args.predictor); !fits) return fits.error();
    for (const std::string& input : spec.inputs) {
      const Result<int> index = schema->require(input);
      if (!index) return prefixed("predict", index.error());
      args.inputs.push_back(*index);
    }
    Result<OperatorPtr> made = model::make_predict_operator(std::move(args));
    if (!made) return prefixed("predict", made.error());
    return made;
  }
};

bool looks_back(const validate::Expression& expression) noexcept {
  using Kind = validate::Expression::Kind;
  return (expression.kind == Kind::kCall && expression.name == "shift") ||
         std::ranges::any_of(expression.args, looks_back);
}

}  // namespace

StepSpec parse_step(std::string_view json) {
  struct Kind {
    std::string_view name;
    StepSpec (*parse)(const element&);
  };
  static constexpr Kind kKinds[] = {
      {"validate", &parse_validate},       {"with_columns", &parse_columns},
      {"filter", &parse_filter},           {"select", &parse_select},
      {"predict", &parse_predict},         {"deduplicate", &parse_deduplicate},
      {"sort_within", &parse_sort_within}, {"compose_time", &parse_compose_time},
      {"unpivot", &parse_unpivot},         {"explode", &parse_explode},
      {"window", &parse_window_step},      {"join", &parse_static_join},
      {"fill", &parse_fill_step},          {"map_batches", &parse_map}};
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    throw plan_error("steps: not JSON");
  }
  std::string_view op;
  if (!root.is_object() || root["op"].get(op) != simdjson::SUCCESS) {
    throw plan_error("steps: expected a step, {\"op\": ...}, got " + json_excerpt(root));
  }
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) {
    if (kind.name == op) return kind.parse(root);
    names.emplace_back(kind.name);
  }
  throw plan_error("steps: " + base::unknown_name("step", op, names));
}

bool runs_at_ingest(const StepSpec& step) noexcept {
  return std::holds_alternative<ValidateSpec>(step) ||
         std::holds_alternative<DeduplicateSpec>(step) || std::holds_alternative<LateSpec>(step) ||
         std::holds_alternative<ComposeTimeSpec>(step);
}

bool keeps_state_by_key(const StepSpec& step) noexcept {
  return std::visit(
      []<class Spec>([[maybe_unused]] const Spec& spec) {
        if constexpr (std::is_same_v<Spec, ValidateSpec>) {
          return std::ranges::any_of(
              spec.rules, [](const ops::Rule& rule) { return looks_back(rule.expression); });
        } else if constexpr (std::is_same_v<Spec, FilterSpec>) {
          return looks_back(spec.condition);
        } else if constexpr (std::is_same_v<Spec, ColumnsSpec>) {
          return std::ranges::any_of(spec.columns, [](const ops::NewColumns& columns) {
            const auto* const expression = std::get_if<validate::Expression>(&columns.source);
            return expression == nullptr || looks_back(*expression);
          });
        } else {
          constexpr bool by_key = std::is_same_v<Spec, PredictSpec> ||
                                  std::is_same_v<Spec, WindowSpec> ||
                                  std::is_same_v<Spec, FillSpec> || std::is_same_v<Spec, MapSpec>;
          return by_key;
        }
      },
      step);
}

bool remembers(const StepSpec& step) noexcept {
  return keeps_state_by_key(step) || std::holds_alternative<DeduplicateSpec>(step) ||
         std::holds_alternative<LateSpec>(step) || std::holds_alternative<SortWithinSpec>(step);
}

Result<OperatorPtr> make_operator(const StepSpec& step, const record::SchemaPtr& schema,
                                  const Outside& outside) {
  return std::visit(Maker{schema, outside}, step);
}

}  // namespace headrace::pipeline
