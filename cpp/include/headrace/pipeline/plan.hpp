// A pipeline as data: what Python (or another language) writes down and the core compiles.
//
// The plan is JSON, version 1, and says everything that enters a result - schema, decoding, steps -
// and nothing that does not (brokers, threads, batch sizes). Two plans with the same text compute
// the same bits.
//
//   {"version": 1, "format": "json", "format_options": {"delimiter": ",", "columns": ["Date"]},
//    "schema": {"fields": [{"name": "Date", "type": "timestamp", "nullable": false, "unit": "auto",
//                           "path": ["Date"]}, ...], "event_time": "Date", "key": "Ticker"},
//    "steps": [
//      {"op": "validate", "on_reject": "dead_letter",
//       "rules": [{"name": "High >= Low", "expr": E}]},
//      {"op": "with_columns", "columns": [
//          {"kind": "expr", "name": "mid", "expr": E},
//          {"kind": "indicator", "indicator": "bbands", "inputs": ["Close"],
//           "params": {"timeperiod": 20, "nbdevup": 2, "nbdevdn": 2},
//           "outputs": ["bbands_upper", "bbands_middle", "bbands_lower"]}]},
//      {"op": "filter", "expr": E},
//      {"op": "select", "columns": ["Date", "Close"]},
//      {"op": "deduplicate", "by": ["Ticker", "Date"], "within_ns": 600000000000},
//      {"op": "sort_within", "grace_ns": 60000000000},
//      {"op": "unpivot", "on": ["t1", "t2"], "index": ["at"], "variable_name": "sensor",
//       "value_name": "celsius", "key_is_variable": true},
//      {"op": "explode", "column": "objects", "keep_empty": false},
//      {"op": "predict", "predictor": 0, "inputs": ["rsi", "aroon_up"], "outputs": ["p_up"],
//       "window": null}]}
//
// A field of the type "list" has "items": [F] of its elements, objects of these fields or values of
// one whose name is empty.
//
// E is validate/expression.hpp's language. unit: auto s ms us ns. on_reject: dead_letter drop flag
// ("flag" keeps the row and adds the nullable string column "rejected" with the rule's name). All
// columns of one with_columns see the schema before it, as in Polars. `predictor` is an index into
// the predictors handed to parse().
//
// A key that nobody knows is an error, wherever it stands; null is the same as absent. An
// indicator's parameters that are not given have their defaults. A new column takes the place of
// its namesake, but not of event time or key. `window` is only compared with what the predictor was
// loaded for. Without `within_ns` (null) a duplicate is one of any distance. sort_within becomes
// two operators: one that rejects what is late, one that sorts.
//
// Of unpivot's `on` and `index` one may be left out and is then all columns but the other's.
//
// Thread contract: immutable value.
// Cost: parsing compiles everything once; instantiate() compiles it again for each task.
//
//   Plan plan = Plan::parse(text).value_or_throw();
//   std::vector<ops::OperatorPtr> chain = plan.instantiate().value_or_throw();
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/decode/decoder.hpp>
#include <headrace/model/predict_operator.hpp>
#include <headrace/ops/operator.hpp>
#include <headrace/record/schema.hpp>

namespace headrace::pipeline {

class Plan {
 public:
  // Parses and checks the whole plan, by instantiating it once; errors name step and column.
  [[nodiscard]] static base::Result<Plan> parse(
      std::string_view json, std::vector<std::shared_ptr<model::Predictor>> predictors = {});

  [[nodiscard]] const record::SchemaPtr& input_schema() const noexcept { return input_; }
  [[nodiscard]] const record::SchemaPtr& output_schema() const noexcept { return output_; }
  [[nodiscard]] const std::string& format() const noexcept { return format_; }
  [[nodiscard]] const decode::DecoderOptions& decoder_options() const noexcept { return decoder_; }
  // A fresh chain of operators with empty state: one per task.
  [[nodiscard]] base::Result<std::vector<ops::OperatorPtr>> instantiate() const;
  // How many operators at the head of the chain only take rows out (rules, duplicates, late ones):
  // the engine runs them right after decoding, while the original bytes are at hand for dead
  // letters.
  [[nodiscard]] std::size_t leading_rules() const noexcept { return leading_rules_; }

 private:
  struct Step;
  [[nodiscard]] static Plan parse_or_throw(
      std::string_view json, std::vector<std::shared_ptr<model::Predictor>> predictors);
  template <class Spec>
  void add(Spec spec);
  [[nodiscard]] record::SchemaPtr checked_output() const;

  record::SchemaPtr input_;
  record::SchemaPtr output_;
  std::string format_;
  decode::DecoderOptions decoder_;
  std::vector<std::shared_ptr<const Step>> steps_;
  std::size_t leading_rules_ = 0;
  std::vector<std::shared_ptr<model::Predictor>> predictors_;
};

}  // namespace headrace::pipeline
