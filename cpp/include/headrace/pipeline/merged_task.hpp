// The task behind a merge: one stream of rows out of several inputs, its chain of operators, its
// keyed state, its digest.
//
// Thread contract: one thread at a time.
// Cost: that of the merge, of its operator and of the chain.
//
//   MergedTask task = MergedTask::create(plan, true).value_or_throw();
//   task.merge().add(channel, batch, nullptr);
//   base::Status s = task.advance([&](record::RecordBatch& batch, record::Rejects& rejects) {...});
#pragma once

#include <functional>

#include <headrace/ops/row_keys.hpp>
#include <headrace/pipeline/merge.hpp>
#include <headrace/pipeline/offset_ledger.hpp>
#include <headrace/pipeline/plan.hpp>
#include <headrace/pipeline/task.hpp>

namespace headrace::pipeline {

class MergedTask {
 public:
  // Takes results and what was rejected on the way to them; either may be empty.
  using Give = std::function<base::Status(record::RecordBatch&, record::Rejects&)>;

  [[nodiscard]] static base::Result<MergedTask> create(const Plan& plan, bool with_digest);

  [[nodiscard]] Merge& merge() noexcept { return merge_; }
  [[nodiscard]] const Merge& merge() const noexcept { return merge_; }
  // Works off what is due. An error is fatal.
  [[nodiscard]] base::Status advance(const Give& give);
  // At the end of all records, once: everything that is held comes out.
  [[nodiscard]] base::Status finish(const Give& give);
  // Where the run is stopped before the end of all records, once. Rows that wait for other
  // partitions stay: without those the steps behind would make of them what is not so.
  [[nodiscard]] base::Status stop(const Give& give);
  // Forgets what nothing can hold any more.
  void note_held(ops::HeldOffsets& held);
  [[nodiscard]] const Digest& digest() const noexcept { return task_.digest(); }
  [[nodiscard]] const Task& chain() const noexcept { return task_; }

  // All state, as bytes that depend on the records alone. A failed restore leaves a task that is
  // only to be thrown away.
  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  MergedTask(const Plan& plan, ops::MergeOperatorPtr op, Task task);
  [[nodiscard]] base::Status run_chain(record::RecordBatch& batch, record::Rejects& rejects,
                                       const Give& give);

  Merge merge_;
  ops::MergeOperatorPtr operator_;
  ops::RowKeys keys_;
  Task task_;
  OffsetLedger ledger_;
  Merge::Due due_;
};

}  // namespace headrace::pipeline
