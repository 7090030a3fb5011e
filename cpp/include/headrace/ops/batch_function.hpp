// Something outside the core that makes rows of rows: what map_batches calls for every batch.
//
// Thread contract: call by any number of compute threads at a time; give_up_at by any thread.
// Cost: whatever the function costs, and what it takes to reach it.
#pragma once

#include <chrono>

#include <headrace/base/error.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

class BatchFunction {
 public:
  virtual ~BatchFunction() = default;
  // The rows that those of `batch` become, as columns of the step's schema; system columns are the
  // caller's to set. Waits for them. kCancelled where it was given up.
  [[nodiscard]] virtual base::Result<record::RecordBatch> call(const record::BatchPtr& batch) = 0;
  // The stream is to stop: what has not returned by then, or is called later, is given up.
  virtual void give_up_at(std::chrono::steady_clock::time_point deadline) noexcept = 0;
};

}  // namespace headrace::ops
