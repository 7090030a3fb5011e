// The aggregates there are, by name: one line a kind, so that plans, tests and documentation find
// the same list.
//
// Thread contract: pure functions over an immutable table.
// Cost: plan time only.
//
//   AggregateCall call{.kind = "mean", .name = "delay", .columns = {"DepDelay"}, .params = {}};
//   AggregatePtr mean = make_aggregate(call, *schema).value_or_throw();
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/ops/aggregate/aggregate.hpp>
#include <headrace/record/schema.hpp>

namespace headrace::ops {

struct AggregateCall {
  std::string kind;
  std::string name;  // of its column; of several: what their names begin with, or empty
  std::vector<std::string> columns;
  std::vector<double> params;        // in the order of AggregateInfo::params
  std::vector<std::string> outputs;  // names of all its columns, in place of those made of `name`
};

// What a kind is made from, once its columns are known.
struct AggregateArgs {
  const record::Schema& schema;
  std::string name;
  std::vector<std::size_t> columns;
  std::vector<double> params;

  [[nodiscard]] const record::Field& column(std::size_t i) const {
    return schema.fields()[columns[i]];
  }
};

struct AggregateInfo {
  std::string_view kind;
  std::size_t least_columns;
  std::size_t most_columns;
  bool numbers_only;  // int64, float64, bool
  std::vector<std::string_view> params;
  base::Result<AggregatePtr> (*make)(AggregateArgs args);
};

[[nodiscard]] std::span<const AggregateInfo> aggregates();
// Null where there is no such kind.
[[nodiscard]] const AggregateInfo* find_aggregate(std::string_view kind) noexcept;
// An error names the aggregate, the column and what was expected.
[[nodiscard]] base::Result<AggregatePtr> make_aggregate(const AggregateCall& call,
                                                        const record::Schema& schema);

}  // namespace headrace::ops
