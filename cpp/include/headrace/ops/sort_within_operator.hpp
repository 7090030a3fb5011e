// Puts the rows of a task in the order of their event times, by holding each back for a while.
//
// A row is given out once the newest event time seen is more than the grace ahead of it, in event
// time order, rows of equal time in the order in which they came; what is left comes out at the end
// (Operator::finish). It must stand behind late_operator.hpp, the first half of sort_within: since
// that lets nothing pass that is further behind, no row comes that belongs before one that is out.
//
// Rows are held by event time, not by clock: without newer rows they stay.
//
// Thread contract: see operator.hpp.
// Cost: a row is copied in and out, and takes a place in a heap: about 100 ns with eight columns.
//   Memory is that of the most rows ever held, some 50 bytes and 9 a column each, and their texts.
//
//   auto op = make_sort_within_operator(schema, grace_ns);
#pragma once

#include <cstdint>

#include <headrace/ops/operator.hpp>

namespace headrace::ops {

// An error where the schema has no event time, or the grace is negative.
[[nodiscard]] base::Result<OperatorPtr> make_sort_within_operator(record::SchemaPtr schema,
                                                                  std::int64_t grace_ns);

// What both halves of sort_within ask of their arguments and of a snapshot.
[[nodiscard]] base::Status check_grace(const record::Schema& schema, std::int64_t grace_ns);
[[nodiscard]] base::Error other_grace(std::int64_t saved_ns, std::int64_t grace_ns);

}  // namespace headrace::ops
