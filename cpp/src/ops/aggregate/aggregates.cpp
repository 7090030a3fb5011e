#include <headrace/ops/aggregate/aggregates.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <headrace/base/nearest.hpp>
#include <headrace/ops/aggregate/kinds.hpp>

namespace headrace::ops {
namespace {

using record::DType;

const std::array<AggregateInfo, 19>& table() {
  static const std::array<AggregateInfo, 19> kTable{{
      {"count", 0, 1, false, {}, &make_count},
      {"sum", 1, 1, true, {}, &make_sum},
      {"mean", 1, 1, true, {}, &make_mean},
      {"min", 1, 1, false, {}, &make_min},
      {"max", 1, 1, false, {}, &make_max},
      {"first", 1, 1, false, {}, &make_first},
      {"last", 1, 1, false, {}, &make_last},
      {"var", 1, 1, true, {"ddof"}, &make_var},
      {"std", 1, 1, true, {"ddof"}, &make_std},
      {"skew", 1, 1, true, {}, &make_skew},
      {"kurtosis", 1, 1, true, {}, &make_kurtosis},
      {"quantile", 1, 1, true, {"q"}, &make_quantile},
      {"n_unique", 1, 1, false, {}, &make_n_unique},
      {"approx_n_unique", 1, 1, false, {}, &make_approx_n_unique},
      {"mode", 1, 1, false, {}, &make_mode},
      {"top_k", 1, 1, false, {"k"}, &make_top_k},
      {"ohlc", 1, 1, true, {}, &make_ohlc},
      {"vwap", 2, 2, true, {}, &make_vwap},
      {"corr", 2, 2, true, {}, &make_corr},
  }};
  return kTable;
}

bool is_number(DType type) {
  return type == DType::kInt64 || type == DType::kFloat64 || type == DType::kBool;
}

base::Error with_name(base::Error error, const AggregateCall& call) {
  error.message = call.kind + ": " + error.message;
  return error;
}

base::Status check_counts(const AggregateInfo& info, const AggregateCall& call) {
  if (call.columns.size() < info.least_columns || call.columns.size() > info.most_columns) {
    return base::invalid_argument("expected " + std::to_string(info.least_columns) +
                                  (info.most_columns > info.least_columns ? " or more" : "") +
                                  " columns, got " + std::to_string(call.columns.size()));
  }
  if (call.params.size() != info.params.size()) {
    return base::invalid_argument("expected " + std::to_string(info.params.size()) +
                                  " parameters, got " + std::to_string(call.params.size()));
  }
  return {};
}

}  // namespace

std::span<const AggregateInfo> aggregates() { return table(); }

const AggregateInfo* find_aggregate(std::string_view kind) noexcept {
  const auto at = std::find_if(table().begin(), table().end(),
                               [kind](const AggregateInfo& info) { return info.kind == kind; });
  return at == table().end() ? nullptr : &*at;
}

base::Result<AggregatePtr> make_aggregate(const AggregateCall& call, const record::Schema& schema) {
  const AggregateInfo* info = find_aggregate(call.kind);
  if (info == nullptr) {
    std::vector<std::string> kinds;
    for (const AggregateInfo& known : table()) kinds.emplace_back(known.kind);
    return base::invalid_argument(base::unknown_name("aggregate", call.kind, kinds));
  }
  if (base::Status status = check_counts(*info, call); !status) {
    return with_name(status.error(), call);
  }
  AggregateArgs args{.schema = schema, .name = call.name, .columns = {}, .params = call.params};
  for (const std::string& name : call.columns) {
    const base::Result<int> index = schema.require(name);
    if (!index) return with_name(index.error(), call);
    args.columns.push_back(static_cast<std::size_t>(*index));
    const record::Field& field = schema.fields()[args.columns.back()];
    if (info->numbers_only && !is_number(field.type)) {
      return base::Error{.code = base::ErrorCode::kTypeMismatch,
                         .message = call.kind + ": column \"" + name + "\" is " +
                                    std::string(record::name_of(field.type)) +
                                    "; expected a column of numbers"};
    }
  }
  base::Result<AggregatePtr> made = info->make(std::move(args));
  if (!made) return with_name(made.error(), call);
  return made;
}

}  // namespace headrace::ops
