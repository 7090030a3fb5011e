#include <headrace/pipeline/plan.hpp>

#include <algorithm>
#include <utility>
#include <variant>

#include <headrace/pipeline/plan_json.hpp>
#include <headrace/pipeline/plan_schema.hpp>
#include <headrace/pipeline/plan_steps.hpp>

namespace headrace::pipeline {

using simdjson::dom::element;

namespace {

// More than nothing, where it is given.
std::optional<std::int64_t> length_if(const JsonObject& object, std::string_view key) {
  const std::optional<element> given = object.find(key);
  if (!given) return std::nullopt;
  const std::int64_t length = object.integer(key);
  if (length <= 0) throw object.wrong(key, "a length of time", *given);
  return length;
}

}  // namespace

struct Plan::Step {
  StepSpec spec;
};

template <class Spec>
void Plan::add(Spec spec, const std::string& text) {
  const auto before = std::ranges::count_if(names_, [&](const std::string& name) {
    return name == text || name.starts_with(text + '#');
  });
  names_.push_back(before == 0 ? text : text + '#' + std::to_string(before + 1));
  steps_.push_back(std::make_shared<const Step>(Step{std::move(spec)}));
  const bool all_before = leading_rules_ + 1 == steps_.size();
  if (!all_before || !runs_at_ingest(steps_.back()->spec)) return;
  const bool none_remembers = leading_stateless_rules_ == leading_rules_;
  if (none_remembers && !remembers(steps_.back()->spec)) ++leading_stateless_rules_;
  ++leading_rules_;
}

bool Plan::keeps_state_by_key() const noexcept {
  return std::ranges::any_of(
      steps_, [](const auto& step) { return pipeline::keeps_state_by_key(step->spec); });
}

bool Plan::keeps_state() const noexcept {
  return is_merge() || std::ranges::any_of(steps_, [](const auto& step) {
           return pipeline::remembers(step->spec);
         });
}

base::Result<Plan> Plan::parse(std::string_view json,
                               std::vector<std::shared_ptr<model::Predictor>> predictors,
                               std::vector<ops::StaticTablePtr> tables,
                               std::vector<std::shared_ptr<ops::BatchFunction>> functions) {
  try {
    return parse_or_throw(json, std::move(predictors), std::move(tables), std::move(functions));
  } catch (const base::Exception& exception) {
    return exception.error();
  }
}

Plan Plan::parse_or_throw(std::string_view json,
                          std::vector<std::shared_ptr<model::Predictor>> predictors,
                          std::vector<ops::StaticTablePtr> tables,

                          std::vector<std::shared_ptr<ops::BatchFunction>> functions) {
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root);
      error != simdjson::SUCCESS) {
    throw plan_error(std::string("plan: not JSON: ") + simdjson::error_message(error));
  }
  const JsonObject object(
      root, "plan",
      {"version", "format", "format_options", "schema", "table", "inputs", "merge", "steps"});
  if (object.integer("version") != 1) {
    throw object.wrong("version", "1", object.require("version"));
  }
  Plan plan;
  plan.predictors_ = std::move(predictors);
  plan.tables_ = std::move(tables);
  plan.functions_ = std::move(functions);
  if (object.find("inputs")) {
    plan.take_inputs(object);
  } else {
    plan.take_records(object);
  }
  for (const element& step : object.list("steps")) {
    const std::string text = json_text(step);
    StepSpec spec = parse_step(text);
    if (const auto* sort = std::get_if<SortWithinSpec>(&spec)) {
      plan.add(LateSpec{.grace_ns = sort->grace_ns, .options = sort->late}, text);
    }
    plan.add(std::move(spec), text);
  }
  plan.output_ = plan.checked_output();
  return plan;
}

void Plan::take_records(const JsonObject& object) {
  if (const std::optional<element> merge = object.find("merge")) {
    throw object.wrong("merge", "it beside \"inputs\" only", *merge);
  }
  format_ = object.text("format");
  if (const std::optional<element> options = object.find("format_options")) {
    decoder_ = parse_decoder_options(json_text(*options));
  }
  input_ =
      std::make_shared<const record::Schema>(parse_schema(json_text(object.require("schema"))));
  is_table_ = object.truth("table", false);
}

void Plan::take_inputs(const JsonObject& object) {
  for (const std::string_view key : {"format", "format_options", "schema", "table"}) {
    if (const std::optional<element> given = object.find(key)) {
      throw object.wrong(key, "it in the plans of the inputs", *given);
    }
  }
  for (const element& entry : object.list("inputs")) {
    take_input(JsonObject(entry, "input", {"grace_ns", "max_skew_ns", "idle_timeout_ns", "plan"}));
  }
  if (inputs_.empty()) throw object.wrong("inputs", "at least one", object.require("inputs"));
  const std::optional<element> merge = object.find("merge");
  merge_ = parse_merge(merge ? json_text(*merge) : R"({"op": "union"})");
  input_ = make_merge().value_or_throw()->output_schema();
}

void Plan::take_input(const JsonObject& object) {
  PlanInput input;
  input.grace_ns = object.integer("grace_ns");
  if (input.grace_ns < 0) {
    throw object.wrong("grace_ns", "a length of time", object.require("grace_ns"));
  }
  input.max_skew_ns = length_if(object, "max_skew_ns");
  input.idle_timeout_ns = length_if(object, "idle_timeout_ns");
  input.plan = std::make_shared<const Plan>(
      parse_or_throw(json_text(object.require("plan")), predictors_, tables_, functions_));
  if (!input.plan->has_event_times()) {
    throw plan_error("stream " + std::to_string(inputs_.size() + 1) +
                     " has no event time, by which its records could be merged; name it in the "
                     "schema: hr.Schema({...}, event_time=\"...\")");
  }
  inputs_.push_back(std::move(input));
}

std::vector<const Plan*> Plan::leaves() const {
  if (!is_merge()) return {this};
  std::vector<const Plan*> all;
  for (const PlanInput& input : inputs_) {
    const std::vector<const Plan*> below = input.plan->leaves();
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

// Steps leave them as they are, also where their column goes; a function outside makes rows anew.
bool Plan::has_event_times() const noexcept {
  bool has = is_merge() || is_table_ || input_->event_time_index() >= 0 ||
             output_->event_time_index() >= 0;
  for (const std::shared_ptr<const Step>& step : steps_) {
    const auto* map = std::get_if<MapSpec>(&step->spec);
    if (map != nullptr) has = map->schema->event_time_index() >= 0;
  }
  return has;
}

base::Result<ops::MergeOperatorPtr> Plan::make_merge() const {
  std::vector<record::SchemaPtr> schemas;
  for (const PlanInput& input : inputs_) schemas.push_back(input.plan->output_schema());
  return merge_(schemas);
}

// Everything is made once, so that what cannot be made is said now and not when the stream runs.
record::SchemaPtr Plan::checked_output() const {
  if (!is_merge()) (void)decode::make_decoder(format_, input_, decoder_).value_or_throw();
  const std::vector<ops::OperatorPtr> chain = instantiate().value_or_throw();
  return chain.empty() ? input_ : chain.back()->output_schema();
}

base::Result<std::vector<ops::OperatorPtr>> Plan::instantiate() const {
  std::vector<ops::OperatorPtr> chain;
  record::SchemaPtr schema = input_;
  for (const std::shared_ptr<const Step>& step : steps_) {
    base::Result<ops::OperatorPtr> op =
        make_operator(step->spec, schema, {predictors_, tables_, functions_});
    if (!op) return op.error();
    schema = (*op)->output_schema();
    chain.push_back(std::move(*op));
  }
  return chain;
}

}  // namespace headrace::pipeline
