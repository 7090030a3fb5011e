// Where results go. A sink takes shared, finished batches and dead letters; it never holds up
// reading.
//
// Thread contract: write/write_rejects/flush by the compute thread that owns the sink's tasks; one
//   sink may serve several compute threads (implementations lock). cancel by any thread.
// Cost: one virtual call a batch.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include <headrace/base/error.hpp>
#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::sink {

class Sink {
 public:
  virtual ~Sink() = default;
  [[nodiscard]] virtual base::Status write(const record::BatchPtr& batch) = 0;
  [[nodiscard]] virtual base::Status write_rejects(std::span<const record::Reject> rejects) = 0;
  // True when everything written so far has been acknowledged, false at the deadline (call again);
  // an error where something written is lost.
  [[nodiscard]] virtual base::Result<bool> flush(std::chrono::milliseconds deadline) = 0;
  // Any thread: why what was written is not acknowledged for so long, in the user's words; empty
  // where all is well.
  [[nodiscard]] virtual std::string trouble() const { return {}; }
  // Any thread: a write or flush that waits, now or later, returns with an error instead. The
  // engine is stopping and will not commit what was not acknowledged.
  virtual void cancel() noexcept {}
};

}  // namespace headrace::sink
