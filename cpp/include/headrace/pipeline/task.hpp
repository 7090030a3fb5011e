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
#include <string>
#include <vector>

#include <headrace/checkpoint/checkpoint.hpp>
#include <headrace/pipeline/digest.hpp>
#include <headrace/pipeline/plan.hpp>

namespace headrace::pipeline {

class Task {
 public:
  // Without the first `skip` operators of the plan, where those are run elsewhere.
  [[nodiscard]] static base::Result<Task> create(const Plan& plan, bool with_digest,
                                                 std::size_t skip = 0);

  // Runs `batch` (of the plan's input schema) through every operator. An error is fatal: the batch
  // and the state are then worth nothing. The value of a reject is its row as JSON, as the step
  // that rejected it (or the last one before it that holds rows back) saw it.
  [[nodiscard]] base::Status process(record::RecordBatch& batch, record::Rejects& rejects);
  // At the end of the records: fills `batch` (without rows; task and position are the caller's)
  // with what is still held back and has gone through the operators after that.
  [[nodiscard]] base::Status finish(record::RecordBatch& batch, record::Rejects& rejects);
  // The same where the run is stopped before its end: what only the end completes stays held.
  [[nodiscard]] base::Status stop(record::RecordBatch& batch, record::Rejects& rejects);
  [[nodiscard]] bool holds_rows() const noexcept { return first_holder_ < operators_.size(); }
  // The smallest offset that is held back: what is to be read again if this task goes elsewhere.
  [[nodiscard]] std::int64_t first_held() const noexcept;
  // The same for each partition, behind a merge.
  void note_held(ops::HeldOffsets& held) const;
  [[nodiscard]] const Digest& digest() const noexcept { return digest_; }
  // Rows that validate's "drop" took out since the task was created.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  // Groups that were forgotten, by all steps with max_groups.
  [[nodiscard]] std::uint64_t evicted() const noexcept;
  // Rows that were too late and only counted, since the task was created.
  [[nodiscard]] std::uint64_t late() const noexcept;
  // All state, as bytes that depend on the records alone. A failed restore leaves a task that is
  // only to be thrown away.
  void snapshot(base::ByteWriter& writer) const;
  // The same as sections of a checkpoint, one for each operator and one for the digest, whose names
  // begin with `prefix`; and in its facts what the operators are.
  void save(checkpoint::Checkpoint& made, const std::string& prefix) const;
  // An operator that is not there as it is here begins anew, and with it the digest: only where the
  // checkpoint is one of another pipeline.
  [[nodiscard]] base::Status load(const checkpoint::Checkpoint& state, const std::string& prefix);
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  using Step = base::Status (ops::Operator::*)(record::RecordBatch&, record::Rejects&);
  [[nodiscard]] base::Status end_by(Step step, record::RecordBatch& batch,
                                    record::Rejects& rejects);
  [[nodiscard]] base::Status run(std::size_t first, Step step, record::RecordBatch& batch,
                                 record::Rejects& rejects);
  [[nodiscard]] std::size_t holder_from(std::size_t first) const noexcept;

  std::vector<ops::OperatorPtr> operators_;
  std::vector<std::string> names_;  // of the operators, see Plan::operator_names()
  std::string key_;                 // the column by which they keep their state; empty: none
  std::size_t first_holder_ = 0;    // operator that holds rows back, or their number
  Digest digest_;
  bool with_digest_ = false;
};

}  // namespace headrace::pipeline
