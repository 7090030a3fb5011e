// Rejects rows whose values in some columns were there before.
//
// The first row passes, those that repeat it become dead letters (reason kDuplicate) that name its
// offset. Null is equal to null; in float64 columns NaN and null are the same nothing, and 0 is -0.
// With `within` only rows count whose event times are at most that far apart, and a row that is
// further than that behind the newest event time of the task is forgotten: it is neither remembered
// nor found again.
//
// Thread contract: see operator.hpp.
// Cost: 75 ns a row by two columns, 250 ns once a million rows are remembered. Memory is about 60
//   bytes a row remembered and its values (1 byte a column, 8 a number, 4 and its text a string):
//   rows of the last `within` at most twice, or every row that passed.
//
//   auto op = make_deduplicate_operator({.schema = in, .by = {"Ticker", "Date"}, .within_ns = {}});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <headrace/ops/operator.hpp>

namespace headrace::ops {

struct DeduplicateArgs {
  record::SchemaPtr schema;
  std::vector<std::string> by;
  std::optional<std::int64_t> within_ns;
};

// An error where a column is unknown or named twice, or `within` is negative or lacks event times.
[[nodiscard]] base::Result<OperatorPtr> make_deduplicate_operator(DeduplicateArgs args);

}  // namespace headrace::ops
