#include <headrace/pipeline/plan_joins.hpp>

#include <string>
#include <utility>
#include <vector>

#include <headrace/ops/join/asof_join.hpp>
#include <headrace/ops/join/interval_join.hpp>
#include <headrace/ops/join/table_join.hpp>

namespace headrace::pipeline {
namespace {

using Inputs = std::span<const record::SchemaPtr>;

base::Status check_inputs(const char* who, Inputs inputs) {
  if (inputs.size() == 2) return {};
  return base::invalid_argument(std::string(who) + ": expected two inputs, got " +
                                std::to_string(inputs.size()));
}

}  // namespace

ops::JoinHow parse_how(const JsonObject& object) {
  static const std::vector<std::string> kChoices{"inner", "left"};
  (void)object.require("how");
  return static_cast<ops::JoinHow>(object.choice("how", kChoices, 0));
}

MergeMaker parse_asof_join(const JsonObject::Element& json) {
  static const std::vector<std::string> kStrategies{"backward", "forward", "nearest"};
  const JsonObject object(
      json, "join_asof", {"op", "by", "suffix", "strategy", "tolerance_ns", "allow_exact_matches"});
  ops::AsofJoinArgs args;
  args.by = object.texts("by");
  args.suffix = object.text("suffix");
  args.strategy = static_cast<ops::AsofStrategy>(object.choice("strategy", kStrategies, 0));
  if (object.find("tolerance_ns")) args.tolerance_ns = object.integer("tolerance_ns");
  args.allow_exact_matches = object.truth("allow_exact_matches", true);
  return [args](Inputs inputs) -> base::Result<ops::MergeOperatorPtr> {
    if (base::Status s = check_inputs("join_asof", inputs); !s) return s.error();
    ops::AsofJoinArgs whole = args;
    whole.left = inputs[ops::kLeftInput];
    whole.right = inputs[ops::kRightInput];
    return ops::make_asof_join(std::move(whole));
  };
}

MergeMaker parse_interval_join(const JsonObject::Element& json) {
  const JsonObject object(json, "join_interval",
                          {"op", "by", "suffix", "lower_ns", "upper_ns", "how"});
  ops::IntervalJoinArgs args;
  args.by = object.texts("by");
  args.suffix = object.text("suffix");
  args.lower_ns = object.integer("lower_ns");
  args.upper_ns = object.integer("upper_ns");
  args.how = parse_how(object);
  return [args](Inputs inputs) -> base::Result<ops::MergeOperatorPtr> {
    if (base::Status s = check_inputs("join_interval", inputs); !s) return s.error();
    ops::IntervalJoinArgs whole = args;
    whole.left = inputs[ops::kLeftInput];
    whole.right = inputs[ops::kRightInput];
    return ops::make_interval_join(std::move(whole));
  };
}

MergeMaker parse_table_join(const JsonObject::Element& json) {
  const JsonObject object(json, "join", {"op", "on", "suffix", "how"});
  ops::TableJoinArgs args;
  args.on = object.texts("on");
  args.suffix = object.text("suffix");
  args.how = parse_how(object);
  return [args](Inputs inputs) -> base::Result<ops::MergeOperatorPtr> {
    if (base::Status s = check_inputs("join", inputs); !s) return s.error();
    ops::TableJoinArgs whole = args;
    whole.left = inputs[ops::kLeftInput];
    whole.table = inputs[ops::kRightInput];
    return ops::make_table_join(std::move(whole));
  };
}

}  // namespace headrace::pipeline
