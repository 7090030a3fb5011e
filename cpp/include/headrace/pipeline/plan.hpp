// A pipeline as data: what Python (or another language) writes down and the core compiles.
//
// The plan is JSON, version 1, and says everything that enters a result - schema, decoding, steps -
// and nothing that does not (brokers, threads, batch sizes). Two plans with the same text compute
// the same bits.
//
//   {"version": 1, "format": "json", "format_options": {"delimiter": ",", "columns": ["Date"],
//                                                          "null_values": ["NA"]},
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
//      {"op": "compose_time", "name": "FlightDate", "at": 0, "year": "Year", "month": "Month",
//       "day": "DayofMonth", "clock": "CRSDepTime", "zone": null, "nullable": false,
//       "event_time": true},
//      {"op": "unpivot", "on": ["t1", "t2"], "index": ["at"], "variable_name": "sensor",
//       "value_name": "celsius", "key_is_variable": true},
//      {"op": "explode", "column": "objects", "keep_empty": false},
//      {"op": "map_batches", "function": 0, "name": "clean", "schema": {"fields": [...], ...}},
//      {"op": "predict", "predictor": 0, "inputs": ["rsi", "aroon_up"], "outputs": ["p_up"],
//       "window": null},
//      {"op": "join", "on": ["Ticker"], "table": "90c5f2d1a4b7e380", "suffix": "_right",
//       "how": "left"}]}
//
// Where rows come from several streams, or from all partitions of one, a plan has inputs in place
// of format and schema; they are plans of their own, merged by event time (pipeline/merge.hpp), and
// the steps run behind the merge:
//
//   {"version": 1, "inputs": [{"grace_ns": 0, "max_skew_ns": null, "idle_timeout_ns": null,
//                              "plan": {...}}, ...],
//    "merge": {"op": "union"}, "steps": [...]}
//
// A field of the type "list" has "items": [F] of its elements, objects of these fields or values of
// one whose name is empty.
//
// E is validate/expression.hpp's language. unit: auto s ms us ns. on_reject: dead_letter drop flag
// ("flag" keeps the row and adds the nullable string column "rejected" with the rule's name). All
// columns of one with_columns see the schema before it, as in Polars. `predictor` is an index into
// the predictors handed to parse(), `table` the id of one of the tables, `function` an index into
// the functions.
//
// A key that nobody knows is an error, wherever it stands; null is the same as absent. An
// indicator's parameters that are not given have their defaults. A new column takes the place of
// its namesake, but not of event time or key. `window` is only compared with what the predictor was
// loaded for. Without `within_ns` (null) a duplicate is one of any distance. sort_within becomes
// two operators: one that rejects what is late, one that sorts. compose_time is what a schema with
// hr.timestamp_from puts before the user's steps: "date", or "year", "month" and "day"; see
// plan_zone.hpp for "zone".
//
// Predictors and tables are shared by the plans of a tree. `"table": true` beside a schema: the
// records are those of a compacted topic, whose tombstones become rows (ops/join/table_join.hpp);
// without an event time all of them are of before any other.
//
// Of unpivot's `on` and `index` one may be left out and is then all columns but the other's.
//
// Thread contract: immutable value.
// Cost: parsing compiles everything once; instantiate() compiles it again for each task.
//
//   Plan plan = Plan::parse(text).value_or_throw();
//   std::vector<ops::OperatorPtr> chain = plan.instantiate().value_or_throw();
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/decode/decoder.hpp>
#include <headrace/model/predict_operator.hpp>
#include <headrace/ops/batch_function.hpp>
#include <headrace/ops/join/static_table.hpp>
#include <headrace/ops/merge_operator.hpp>
#include <headrace/ops/operator.hpp>
#include <headrace/pipeline/plan_merge.hpp>
#include <headrace/record/schema.hpp>

namespace headrace::pipeline {

class JsonObject;
class Plan;

// One of the streams that are merged.
struct PlanInput {
  std::shared_ptr<const Plan> plan;
  std::int64_t grace_ns = 0;  // how far behind its newest a row may come and still be in order
  std::optional<std::int64_t> max_skew_ns;  // how far ahead a time may be to be believed
  // A partition that is silent for so long is not waited for; nothing: it always is.
  std::optional<std::int64_t> idle_timeout_ns;
};

class Plan {
 public:
  // Parses and checks the whole plan, by instantiating it once; errors name step and column.
  [[nodiscard]] static base::Result<Plan> parse(
      std::string_view json, std::vector<std::shared_ptr<model::Predictor>> predictors = {},
      std::vector<ops::StaticTablePtr> tables = {},

      std::vector<std::shared_ptr<ops::BatchFunction>> functions = {});

  // Columns before the first step: of the records, or of what the merge makes of its inputs.
  [[nodiscard]] const record::SchemaPtr& input_schema() const noexcept { return input_; }
  [[nodiscard]] const record::SchemaPtr& output_schema() const noexcept { return output_; }
  [[nodiscard]] bool is_merge() const noexcept { return !inputs_.empty(); }
  // Empty where records are decoded. Borrowed, as all plans below: valid while this plan lives.
  [[nodiscard]] const std::vector<PlanInput>& inputs() const noexcept { return inputs_; }
  // The plans that decode records, in the order in which they stand; this one, if it does.
  [[nodiscard]] std::vector<const Plan*> leaves() const;
  // Whether the rows that leave have event times, be it in a column or not.
  [[nodiscard]] bool has_event_times() const noexcept;
  // Of a plan with inputs: what they are merged by, with empty state.
  [[nodiscard]] base::Result<ops::MergeOperatorPtr> make_merge() const;
  // Whether tombstones become rows.
  [[nodiscard]] bool is_table() const noexcept { return is_table_; }
  [[nodiscard]] const std::string& format() const noexcept { return format_; }
  [[nodiscard]] const decode::DecoderOptions& decoder_options() const noexcept { return decoder_; }
  // A fresh chain of operators with empty state: one per task.
  [[nodiscard]] base::Result<std::vector<ops::OperatorPtr>> instantiate() const;
  [[nodiscard]] std::size_t steps() const noexcept { return steps_.size(); }
  // What each operator of that chain is: the JSON of its step, and "#2" and so on for repetitions
  // and for the second operator of one step. By it the state of an operator is found again where
  // the rest of a pipeline has changed.
  [[nodiscard]] const std::vector<std::string>& operator_names() const noexcept { return names_; }
  // Whether a step's results depend on earlier rows of the same key; see plan_steps.hpp. Not asked
  // of the inputs.
  [[nodiscard]] bool keeps_state_by_key() const noexcept;
  // How many operators at the head of the chain only take rows out (rules, duplicates, late ones)
  // or tell their event time: the engine runs them right after decoding, while the original bytes
  // are at hand for dead letters.
  [[nodiscard]] std::size_t leading_rules() const noexcept {
    return is_merge() ? 0 : leading_rules_;  // behind a merge no bytes are at hand
  }
  // Those of them, at the head, that remember nothing: all that may run away from the rest of the
  // task where its state is to be saved.
  [[nodiscard]] std::size_t leading_stateless_rules() const noexcept {
    return is_merge() ? 0 : leading_stateless_rules_;
  }
  // Whether any step remembers earlier rows, here or in the inputs.
  [[nodiscard]] bool keeps_state() const noexcept;
  // What map_batches calls, here and in the inputs; shared by all that runs this plan. A run that
  // ends gives them up.
  [[nodiscard]] const std::vector<std::shared_ptr<ops::BatchFunction>>& functions() const noexcept {
    return functions_;
  }

 private:
  struct Step;
  [[nodiscard]] static Plan parse_or_throw(
      std::string_view json, std::vector<std::shared_ptr<model::Predictor>> predictors,
      std::vector<ops::StaticTablePtr> tables,

      std::vector<std::shared_ptr<ops::BatchFunction>> functions);
  void take_records(const JsonObject& object);
  void take_inputs(const JsonObject& object);
  void take_input(const JsonObject& object);
  template <class Spec>
  void add(Spec spec, const std::string& text);
  [[nodiscard]] record::SchemaPtr checked_output() const;

  std::vector<PlanInput> inputs_;
  MergeMaker merge_;
  record::SchemaPtr input_;
  record::SchemaPtr output_;
  bool is_table_ = false;
  std::string format_;
  decode::DecoderOptions decoder_;
  std::vector<std::shared_ptr<const Step>> steps_;
  std::vector<std::string> names_;  // of the steps, one each
  std::size_t leading_rules_ = 0;
  std::size_t leading_stateless_rules_ = 0;
  std::vector<std::shared_ptr<model::Predictor>> predictors_;
  std::vector<ops::StaticTablePtr> tables_;
  std::vector<std::shared_ptr<ops::BatchFunction>> functions_;
};

}  // namespace headrace::pipeline
