// Dead letters whose original bytes are gone: the decoded row as JSON takes the value's place, and
// the key column's value that of the key.
//
// Thread contract: pure function.
// Cost: an encoder per call; only rejects pay.
#pragma once

#include <span>

#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::pipeline {

// Sets value and key of each reject that has no value to its row in `batch`, found by partition and
// offset.
void render_values(const record::RecordBatch& batch, std::span<record::Reject> rejects);

}  // namespace headrace::pipeline
