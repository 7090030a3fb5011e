#include <headrace/ops/window/window_operator.hpp>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <utility>

#include <headrace/ops/event_time.hpp>
#include <headrace/ops/window/window_step.hpp>

namespace headrace::ops {
namespace {

using base::Result;
using base::Status;

base::Error prefixed(const char* who, base::Error error) {
  error.message = std::string(who) + ": " + error.message;
  return error;
}

Result<std::vector<std::size_t>> indices(const char* who, const record::Schema& schema,
                                         const std::vector<std::string>& names) {
  std::vector<std::size_t> found;
  for (const std::string& name : names) {
    const Result<int> index = schema.require(name);
    if (!index) return prefixed(who, index.error());
    if (std::count(names.begin(), names.end(), name) > 1) {
      return base::invalid_argument(std::string(who) + ": column \"" + name + "\" is named twice");
    }
    found.push_back(static_cast<std::size_t>(*index));
  }
  return found;
}

Status check_window(const WindowArgs& args) {
  const auto positive = [](bool holds, const char* what) -> Status {
    if (holds) return {};
    return base::invalid_argument(std::string("window: expected ") + what + " above 0");
  };
  return std::visit(
      [&]<class W>(const W& window) -> Status {
        if constexpr (std::is_same_v<W, SessionWindows>) {
          return positive(window.gap > 0, "a gap");
        } else if constexpr (std::is_same_v<W, CountWindows>) {
          return positive(window.rows > 0, "a number of rows");
        } else if constexpr (std::is_same_v<W, MeasureWindows>) {
          return positive(window.threshold > 0, "a threshold");
        } else if constexpr (std::is_same_v<W, SlidingWindows>) {
          return positive((window.length > 0) != (window.rows > 0), "a length or a number of rows");
        } else {
          return {};
        }
      },
      args.window);
}

Status check(const WindowArgs& args) {
  if (Status status = require_event_time("window", *args.schema); !status) return status;
  if (args.aggregates.empty()) {
    return base::invalid_argument("agg: expected at least one aggregate");
  }
  if (args.grace < 0 || args.max_skew.value_or(0) < 0 || args.allowed_lateness < 0) {
    return base::invalid_argument(
        "window: grace, max_skew and allowed_lateness: expected lengths of time from 0");
  }
  if (args.on_late == OnLate::kUpdate && !std::holds_alternative<Slices>(args.window)) {
    return base::Error{.code = base::ErrorCode::kUnsupported,
                       .message =
                           "window: on_late=\"update\" needs windows with fixed borders: "
                           "tumbling, hopping or calendar ones"};
  }
  if (args.updates && std::holds_alternative<SlidingWindows>(args.window)) {
    return base::invalid_argument(
        "window: a sliding window gives a result for every record already; leave emit= out");
  }
  return check_window(args);
}

Status check_measured(const record::Schema& schema, const std::vector<std::size_t>& columns) {
  using record::DType;
  for (const std::size_t column : columns) {
    const record::Field& field = schema.fields()[column];
    if (field.type != DType::kString && field.type != DType::kTimestamp) continue;
    return base::Error{.code = base::ErrorCode::kTypeMismatch,
                       .message = "window: column \"" + field.name + "\" is " +
                                  std::string(record::name_of(field.type)) +
                                  "; expected a column of numbers"};
  }
  return {};
}

// The columns of an aggregate, under the names that were asked for.
Result<std::vector<record::Field>> fields_of(const Aggregate& aggregate,
                                             const AggregateCall& call) {
  std::vector<record::Field> fields = aggregate.fields();
  if (call.outputs.empty()) return fields;
  if (call.outputs.size() != fields.size()) {
    return base::invalid_argument(call.kind + ": makes " + std::to_string(fields.size()) +
                                  " columns, got " + std::to_string(call.outputs.size()) +
                                  " names");
  }
  for (std::size_t i = 0; i < fields.size(); ++i) fields[i].name = call.outputs[i];
  return fields;
}

OperatorPtr make(WindowParts parts, std::vector<std::size_t> measured) {
  const auto& window = parts.args->window;
  if (std::holds_alternative<Slices>(window)) return make_time_window(std::move(parts));
  if (std::holds_alternative<SessionWindows>(window)) return make_session_window(std::move(parts));
  if (std::holds_alternative<SlidingWindows>(window)) return make_sliding_window(std::move(parts));
  return make_filled_window(std::move(parts), std::move(measured));
}

}  // namespace

Result<OperatorPtr> make_window_operator(WindowArgs args) {
  if (Status status = check(args); !status) return status.error();
  const record::Schema& schema = *args.schema;
  Result<std::vector<std::size_t>> group = indices("group_by", schema, args.group);
  if (!group) return group.error();
  std::vector<std::size_t> measured;
  if (const auto* measure = std::get_if<MeasureWindows>(&args.window)) {
    Result<std::vector<std::size_t>> columns = indices("window", schema, measure->columns);
    if (!columns) return columns.error();
    measured = std::move(*columns);
    if (Status status = check_measured(schema, measured); !status) return status.error();
  }
  std::vector<AggregatePtr> aggregates;
  std::vector<record::Field> made;
  for (const AggregateCall& call : args.aggregates) {
    Result<AggregatePtr> aggregate = make_aggregate(call, schema);
    if (!aggregate) return prefixed("agg", aggregate.error());
    const Result<std::vector<record::Field>> fields = fields_of(**aggregate, call);
    if (!fields) return prefixed("agg", fields.error());
    made.insert(made.end(), fields->begin(), fields->end());
    aggregates.push_back(std::move(*aggregate));
  }
  Result<WindowResults> results = WindowResults::make(
      schema, *group, std::move(made),
      {.start = args.start, .end = args.end, .is_final = args.updates ? "is_final" : ""});
  if (!results) return results.error();
  GroupIndex groups(schema, std::move(*group));
  return make({.args = std::make_shared<const WindowArgs>(std::move(args)),
               .groups = std::move(groups),
               .panes = PaneSet(std::move(aggregates)),
               .results = std::move(*results)},
              std::move(measured));
}

}  // namespace headrace::ops
