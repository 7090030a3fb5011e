// A batch as a frame: the same columns, ready to leave the core by themselves.
//
// Thread contract: a pure function.
// Cost: a few allocations; a pass over string columns whose dictionary is much longer than the
// batch. Lifetime: frame and batch share their columns.
//
//   Frame frame = frame_of(*batch);
#pragma once

#include <headrace/pipeline/frame_store.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::pipeline {

// Dictionaries that are more than twice as long as the batch are cut down to the words it has.
[[nodiscard]] Frame frame_of(const record::RecordBatch& batch);

}  // namespace headrace::pipeline
