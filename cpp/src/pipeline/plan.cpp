#include <headrace/pipeline/plan.hpp>

#include <utility>
#include <variant>

#include <headrace/pipeline/plan_json.hpp>
#include <headrace/pipeline/plan_schema.hpp>
#include <headrace/pipeline/plan_steps.hpp>

namespace headrace::pipeline {

using simdjson::dom::element;

struct Plan::Step {
  StepSpec spec;
};

template <class Spec>
void Plan::add(Spec spec) {
  steps_.push_back(std::make_shared<const Step>(Step{std::move(spec)}));
  const bool all_before = leading_rules_ + 1 == steps_.size();
  if (all_before && runs_at_ingest(steps_.back()->spec)) ++leading_rules_;
}

base::Result<Plan> Plan::parse(std::string_view json,
                               std::vector<std::shared_ptr<model::Predictor>> predictors) {
  try {
    return parse_or_throw(json, std::move(predictors));
  } catch (const base::Exception& exception) {
    return exception.error();
  }
}

Plan Plan::parse_or_throw(std::string_view json,
                          std::vector<std::shared_ptr<model::Predictor>> predictors) {
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root);
      error != simdjson::SUCCESS) {
    throw plan_error(std::string("plan: not JSON: ") + simdjson::error_message(error));
  }
  const JsonObject object(root, "plan", {"version", "format", "format_options", "schema", "steps"});
  if (object.integer("version") != 1) {
    throw object.wrong("version", "1", object.require("version"));
  }
  Plan plan;
  plan.format_ = object.text("format");
  if (const std::optional<element> options = object.find("format_options")) {
    plan.decoder_ = parse_decoder_options(json_text(*options));
  }
  plan.input_ =
      std::make_shared<const record::Schema>(parse_schema(json_text(object.require("schema"))));
  for (const element& step : object.list("steps")) {
    StepSpec spec = parse_step(json_text(step));
    if (const auto* sort = std::get_if<SortWithinSpec>(&spec)) plan.add(LateSpec{sort->grace_ns});
    plan.add(std::move(spec));
  }
  plan.predictors_ = std::move(predictors);
  plan.output_ = plan.checked_output();
  return plan;
}

// Everything is made once, so that what cannot be made is said now and not when the stream runs.
record::SchemaPtr Plan::checked_output() const {
  (void)decode::make_decoder(format_, input_, decoder_).value_or_throw();
  const std::vector<ops::OperatorPtr> chain = instantiate().value_or_throw();
  return chain.empty() ? input_ : chain.back()->output_schema();
}

base::Result<std::vector<ops::OperatorPtr>> Plan::instantiate() const {
  std::vector<ops::OperatorPtr> chain;
  record::SchemaPtr schema = input_;
  for (const std::shared_ptr<const Step>& step : steps_) {
    base::Result<ops::OperatorPtr> op = make_operator(step->spec, schema, predictors_);
    if (!op) return op.error();
    schema = (*op)->output_schema();
    chain.push_back(std::move(*op));
  }
  return chain;
}

}  // namespace headrace::pipeline
