// The makers of the aggregates, one source file each; aggregates.cpp lists them.
//
// Thread contract: pure functions.
#pragma once

#include <headrace/ops/aggregate/aggregates.hpp>

namespace headrace::ops {

[[nodiscard]] base::Result<AggregatePtr> make_count(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_sum(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_mean(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_min(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_max(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_first(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_last(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_ohlc(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_vwap(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_var(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_std(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_skew(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_kurtosis(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_corr(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_quantile(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_n_unique(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_approx_n_unique(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_mode(AggregateArgs args);
[[nodiscard]] base::Result<AggregatePtr> make_top_k(AggregateArgs args);

}  // namespace headrace::ops
