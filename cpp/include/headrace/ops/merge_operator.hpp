// A step that takes the rows of several inputs, merged by event time, then input, then topic,
// partition and offset.
//
// A task behind a merge begins with one. What pipeline/merge.hpp hands to it is the same sequence
// of rows however the inputs arrived, and so is what comes out: how rows are cut into calls never
// shows.
//
// The key of the merged order is the event time, except for a row that came later than the grace of
// its input: it takes the place of the newest time that was given out before it, with its own event
// time as it was. What late means is up to the operator.
//
// Thread contract: all calls by the thread that runs the task.
// Cost: one virtual call a merged batch.
//
//   base::Status s = op->process(inputs, order, out, rejects);
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <headrace/base/bytes.hpp>
#include <headrace/base/error.hpp>
#include <headrace/ops/held_offsets.hpp>
#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::ops {

// Consecutive rows of one input, as they come in merged order.
struct MergedRun {
  std::uint32_t input = 0;
  std::uint32_t rows = 0;
};

class MergeOperator {
 public:
  virtual ~MergeOperator() = default;
  // Columns of the results; fixed at construction.
  [[nodiscard]] virtual const record::SchemaPtr& output_schema() const noexcept = 0;
  // inputs[k]: the rows of input k in this step, in merged order; `order` says how they interleave
  // (runs of inputs; each input's rows are consumed from its first to its last). No row belongs
  // before a row of an earlier call. `out` is replaced by the results that are due, of
  // output_schema, with offsets, event_times and key ids of its own.
  [[nodiscard]] virtual base::Status process(std::span<const record::RecordBatch> inputs,
                                             std::span<const MergedRun> order,
                                             record::RecordBatch& out,
                                             record::Rejects& rejects) = 0;
  // At the end of all records: what is still held back.
  [[nodiscard]] virtual base::Status finish(record::RecordBatch& out, record::Rejects& rejects) = 0;
  // A lower bound of the event times that later results can have, where the inputs' rows to come
  // are not before `watermark`.
  [[nodiscard]] virtual std::int64_t output_watermark(std::int64_t watermark) const noexcept {
    return watermark;
  }
  // The smallest offset held back now of each partition. For commits only, so it may look at every
  // held row. What is kept only to be looked up (the past rows of an as-of join) is not held back.
  virtual void note_held(HeldOffsets& /*held*/) const {}
  // State to bytes and back. restore replaces the state; after it the operator continues to the
  // bit.
  virtual void snapshot(base::ByteWriter& writer) const = 0;
  [[nodiscard]] virtual base::Status restore(base::ByteReader& reader) = 0;
};

using MergeOperatorPtr = std::unique_ptr<MergeOperator>;

}  // namespace headrace::ops
