// The steps of a plan: read from JSON once, made into operators for every task.
//
// Thread contract: immutable values, pure functions.
// Cost: parsing and compiling; per stream and task, not per record.
//
//   StepSpec step = parse_step(R"({"op": "select", "columns": ["Close"]})");
//   ops::OperatorPtr op = make_operator(step, schema, {predictors}).value_or_throw();
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <headrace/model/predict_operator.hpp>
#include <headrace/ops/batch_function.hpp>
#include <headrace/ops/columns_operator.hpp>
#include <headrace/ops/compose_time_operator.hpp>
#include <headrace/ops/join/static_join.hpp>
#include <headrace/ops/late_operator.hpp>
#include <headrace/ops/validate_operator.hpp>
#include <headrace/ops/window/fill_operator.hpp>
#include <headrace/ops/window/window_operator.hpp>

namespace headrace::pipeline {

struct ValidateSpec {
  std::vector<ops::Rule> rules;
  ops::OnReject on_reject = ops::OnReject::kDeadLetter;
};
struct ColumnsSpec {
  std::vector<ops::NewColumns> columns;
};
struct FilterSpec {
  validate::Expression condition;
};
struct SelectSpec {
  std::vector<std::string> columns;
};
struct DeduplicateSpec {
  std::vector<std::string> by;
  std::optional<std::int64_t> within_ns;
};
// sort_within is two steps, so that the first one may run where the original bytes are.
struct LateSpec {
  std::int64_t grace_ns = 0;
  ops::LateOptions options;
};
struct SortWithinSpec {
  std::int64_t grace_ns = 0;
  ops::LateOptions late;
};
// Of hr.timestamp_from: its schema is that of the step before.
struct ComposeTimeSpec {
  ops::ComposeTimeArgs args;
};
struct UnpivotSpec {  // of `on` and `index` one may be left out: all columns but the other's
  std::optional<std::vector<std::string>> on;
  std::optional<std::vector<std::string>> index;
  std::string variable_name;
  std::string value_name;
  bool key_is_variable = false;
};
struct ExplodeSpec {
  std::string column;
  bool keep_empty = false;
};
struct MapSpec {
  std::size_t function = 0;
  record::SchemaPtr schema;
};
struct PredictSpec {
  std::size_t predictor = 0;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::optional<std::int64_t> window;  // to be compared with the predictor's where given
};

struct WindowSpec {
  ops::WindowArgs args;  // the schema comes when the step is made
};
struct FillSpec {
  ops::FillArgs args;  // likewise
};
struct StaticJoinSpec {
  std::vector<std::string> on;
  std::string table;  // the id of one of those that the plan is given, by `on`
  std::string suffix;
  ops::JoinHow how = ops::JoinHow::kLeft;
};

using StepSpec =
    std::variant<ValidateSpec, ColumnsSpec, FilterSpec, SelectSpec, PredictSpec, DeduplicateSpec,
                 LateSpec, SortWithinSpec, ComposeTimeSpec, UnpivotSpec, ExplodeSpec,
                 StaticJoinSpec, WindowSpec, FillSpec, MapSpec>;

// What steps refer to by number or id.
struct Outside {
  std::span<const std::shared_ptr<model::Predictor>> predictors;
  std::span<const ops::StaticTablePtr> tables = {};
  std::span<const std::shared_ptr<ops::BatchFunction>> functions = {};
};

// Throws base::Exception with what was received and what is known.
[[nodiscard]] StepSpec parse_step(std::string_view json);
// Whether the step only takes rows out or tells their event time, so that at the head of a plan it
// may run before anything else has seen them.
[[nodiscard]] bool runs_at_ingest(const StepSpec& step) noexcept;
// Whether the step's result depends on earlier rows of the same key, or may: a key whose rows are
// in several partitions has its state in pieces there.
[[nodiscard]] bool keeps_state_by_key(const StepSpec& step) noexcept;

// Whether the step's result depends on earlier rows at all.
[[nodiscard]] bool remembers(const StepSpec& step) noexcept;

[[nodiscard]] base::Result<ops::OperatorPtr> make_operator(const StepSpec& step,
                                                           const record::SchemaPtr& schema,
                                                           const Outside& outside);

}  // namespace headrace::pipeline
