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
//      {"op": "validate", "rules": [{"name": "High >= Low", "expr": E}], "on_reject":
//      "dead_letter"},
//      {"op": "with_columns", "columns": [
//          {"kind": "expr", "name": "mid", "expr": E},
//          {"kind": "indicator", "indicator": "bbands", "inputs": ["Close"],
//           "params": {"timeperiod": 20, "nbdevup": 2, "nbdevdn": 2},
//           "outputs": ["bbands_upper", "bbands_middle", "bbands_lower"]}]},
//      {"op": "filter", "expr": E},
//      {"op": "select", "columns": ["Date", "Close"]},
//      {"op": "predict", "predictor": 0, "inputs": ["rsi", "aroon_up"], "outputs": ["p_up"]}]}
//
// E is validate/expression.hpp's language. unit: auto s ms us ns. on_reject: dead_letter drop flag
// ("flag" keeps the row and adds the nullable string column "rejected" with the rule's name). All
// columns of one with_columns see the schema before it, as in Polars. `predictor` is an index into
// the predictors handed to the engine.
//
// Thread contract: immutable value.
#pragma once

#include <memory>
#include <span>
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

 private:
  struct Step;
  record::SchemaPtr input_;
  record::SchemaPtr output_;
  std::string format_;
  decode::DecoderOptions decoder_;
  std::vector<std::shared_ptr<const Step>> steps_;
  std::vector<std::shared_ptr<model::Predictor>> predictors_;
};

}  // namespace headrace::pipeline
