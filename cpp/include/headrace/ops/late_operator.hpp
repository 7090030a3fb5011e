// Rejects rows that come too late: whose event time lies further behind the newest than the grace.
//
// The first half of sort_within (sort_within_operator.hpp is the other one). It is a step of its
// own so that it can run where a record's original bytes are still at hand for the dead letter.
// The newest event time is that of all rows of the task so far, late ones included.
//
// Thread contract: see operator.hpp.
// Cost: two comparisons a row; only batches with a late row pay for more. Memory: one time.
//
//   auto op = make_late_operator(schema, grace_ns);
#pragma once

#include <cstdint>

#include <headrace/ops/operator.hpp>

namespace headrace::ops {

// An error where the schema has no event time, or the grace is negative.
[[nodiscard]] base::Result<OperatorPtr> make_late_operator(record::SchemaPtr schema,
                                                           std::int64_t grace_ns);

}  // namespace headrace::ops
