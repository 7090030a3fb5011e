#include <headrace/pipeline/plan_joins.hpp>
#include <headrace/pipeline/plan_json.hpp>
#include <headrace/pipeline/plan_merge.hpp>

#include <string>
#include <utility>
#include <vector>

#include <headrace/base/nearest.hpp>
#include <headrace/ops/union_operator.hpp>

namespace headrace::pipeline {
namespace {

using simdjson::dom::element;

MergeMaker parse_union(const element& json) {
  const JsonObject object(json, "union", {"op", "source", "names"});
  ops::UnionArgs args{.inputs = {}, .source = object.text_if("source"), .names = {}};
  if (object.find("names")) args.names = object.texts("names");
  return [args](std::span<const record::SchemaPtr> inputs) {
    ops::UnionArgs with_inputs = args;
    with_inputs.inputs.assign(inputs.begin(), inputs.end());
    return ops::make_union_operator(std::move(with_inputs));
  };
}

}  // namespace

MergeMaker parse_merge(std::string_view json) {
  struct Kind {
    std::string_view name;
    MergeMaker (*parse)(const element&);
  };
  static constexpr Kind kKinds[] = {{"union", &parse_union},
                                    {"join_asof", &parse_asof_join},
                                    {"join_interval", &parse_interval_join},
                                    {"join_table", &parse_table_join}};
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    throw plan_error("merge: not JSON");
  }
  std::string_view op;
  if (!root.is_object() || root["op"].get(op) != simdjson::SUCCESS) {
    throw plan_error("merge: expected {\"op\": ...}, got " + json_excerpt(root));
  }
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) {
    if (kind.name == op) return kind.parse(root);
    names.emplace_back(kind.name);
  }
  throw plan_error("merge: " + base::unknown_name("merge", op, names));
}

}  // namespace headrace::pipeline
