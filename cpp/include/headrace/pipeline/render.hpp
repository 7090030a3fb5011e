// Dead letters whose original bytes are gone: the decoded row as JSON takes their place.
//
// Thread contract: pure function.
// Cost: an encoder per call; only rejects pay.
#pragma once

#include <span>

#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::pipeline {

// Sets the value of each reject that has none to its row in `batch`, found by offset.
void render_values(const record::RecordBatch& batch, std::span<record::Reject> rejects);

}  // namespace headrace::pipeline
