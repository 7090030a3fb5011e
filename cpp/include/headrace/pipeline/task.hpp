// A task: one partition, its chain of operators, its keyed state, its digest.
//
// Thread contract: one compute thread at a time.
// Cost: that of its operators.
//
//   Task task = Task::create(plan, false).value_or_throw();
//   base::Status s = task.process(batch, rejects);
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <headrace/pipeline/digest.hpp>
#include <headrace/pipeline/plan.hpp>

namespace headrace::pipeline {

class Task {
 public:
  // Without the first `skip` operators of the plan, where those are run elsewhere.
  [[nodiscard]] static base::Result<Task> create(const Plan& plan, bool with_digest,
                                                 std::size_t skip = 0);

  // Runs `batch` (of the plan's input schema) through every operator. An error is fatal: the batch
  // and the state are then worth nothing.
  [[nodiscard]] base::Status process(record::RecordBatch& batch, record::Rejects& rejects);
  [[nodiscard]] const Digest& digest() const noexcept { return digest_; }
  // Rows that validate's "drop" took out since the task was created.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  // All state, as bytes that depend on the records alone. A failed restore leaves a task that is
  // only to be thrown away.
  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  std::vector<ops::OperatorPtr> operators_;
  Digest digest_;
  bool with_digest_ = false;
};

}  // namespace headrace::pipeline
