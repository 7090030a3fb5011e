// Rejects rows that come too late: whose event time lies further behind the newest than the grace.
//
// The first half of sort_within (sort_within_operator.hpp is the other one). It is a step of its
// own so that it can run where a record's original bytes are still at hand for the dead letter.
// The newest event time is that of all rows of the task so far, late ones included; where there is
// a `max_skew`, without those that are too far ahead of it (window/event_clock.hpp), which are
// rejected as well.
//
// Thread contract: see operator.hpp.
// Cost: two comparisons a row; only batches with a late row pay for more. Memory: one time.
//
//   auto op = make_late_operator(schema, grace_ns);
#pragma once

#include <cstdint>
#include <optional>

#include <headrace/ops/operator.hpp>

namespace headrace::ops {

struct LateOptions {
  std::optional<std::int64_t> max_skew;  // of a row's time ahead of the newest
  bool only_count = false;               // late rows are left out without becoming dead letters
};

// An error where the schema has no event time, or a length of time is negative.
[[nodiscard]] base::Result<OperatorPtr> make_late_operator(record::SchemaPtr schema,
                                                           std::int64_t grace_ns,
                                                           LateOptions options = {});

}  // namespace headrace::ops
