#include <headrace/pipeline/merged_task.hpp>

#include <utility>
#include <vector>

#include <headrace/pipeline/render.hpp>

namespace headrace::pipeline {
namespace {

std::vector<Merge::Input> inputs_of(const Plan& plan) {
  std::vector<Merge::Input> inputs;
  for (const PlanInput& input : plan.inputs()) {
    inputs.push_back({.schema = input.plan->output_schema(),
                      .grace_ns = input.grace_ns,
                      .max_skew_ns = input.max_skew_ns.value_or(Merge::kMaxSkew)});
  }
  return inputs;
}

}  // namespace

MergedTask::MergedTask(const Plan& plan, ops::MergeOperatorPtr op, Task task)
    : merge_(inputs_of(plan)),
      operator_(std::move(op)),
      keys_(*operator_->output_schema()),
      task_(std::move(task)) {}

base::Result<MergedTask> MergedTask::create(const Plan& plan, bool with_digest) {
  base::Result<ops::MergeOperatorPtr> op = plan.make_merge();
  if (!op) return op.error();
  base::Result<Task> task = Task::create(plan, with_digest);
  if (!task) return task.error();
  return MergedTask(plan, std::move(*op), std::move(*task));
}

base::Status MergedTask::advance(const Give& give) {
  while (merge_.take(due_)) {
    record::RecordBatch batch;
    record::Rejects rejects;
    base::Status status = operator_->process(due_.inputs, due_.order, batch, rejects);
    if (!status) return status;
    for (const record::RecordBatch& input : due_.inputs) render_values(input, rejects);
    if (status = run_chain(batch, rejects, give); !status) return status;
  }
  return {};
}

base::Status MergedTask::finish(const Give& give) {
  merge_.end_all();
  if (base::Status status = advance(give); !status) return status;
  record::RecordBatch batch;
  record::Rejects rejects;
  if (base::Status status = operator_->finish(batch, rejects); !status) return status;
  if (base::Status status = run_chain(batch, rejects, give); !status) return status;
  batch = {};
  rejects.clear();
  if (base::Status status = task_.finish(batch, rejects); !status) return status;
  return give(batch, rejects);
}

base::Status MergedTask::stop(const Give& give) {
  record::RecordBatch batch;
  record::Rejects rejects;
  if (base::Status status = task_.stop(batch, rejects); !status) return status;
  return give(batch, rejects);
}

base::Status MergedTask::run_chain(record::RecordBatch& batch, record::Rejects& rejects,
                                   const Give& give) {
  if (batch.rows() > 0) {
    keys_.assign(batch);
    if (task_.holds_rows()) ledger_.note(batch);
    if (base::Status status = task_.process(batch, rejects); !status) return status;
  }
  return give(batch, rejects);
}

void MergedTask::note_held(ops::HeldOffsets& held) {
  ops::HeldOffsets behind;
  task_.note_held(behind);
  ledger_.translate(behind);
  merge_.note_held(behind);
  operator_->note_held(behind);
  held.add(behind);
}

void MergedTask::snapshot(base::ByteWriter& writer) const {
  merge_.snapshot(writer);
  operator_->snapshot(writer);
  keys_.snapshot(writer);
  task_.snapshot(writer);
}

base::Status MergedTask::restore(base::ByteReader& reader) {
  if (base::Status status = merge_.restore(reader); !status) return status;
  if (base::Status status = operator_->restore(reader); !status) return status;
  if (base::Status status = keys_.restore(reader); !status) return status;
  return task_.restore(reader);
}

}  // namespace headrace::pipeline
