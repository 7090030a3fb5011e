// One step of a compiled pipeline: a batch goes in, the same batch comes out changed.
//
// A task (partition) owns one chain of operators with its own keyed state. After row n, state and
// output are a pure function of the rows up to n of that task: no clock, no batch border, no thread
// enters a result. The conformance suite (tests/cpp/ops) holds every registered operator to it.
//
// An operator may hold rows back and give them out later, also in another order: the steps after it
// see rows of a task in the order in which it gives them out.
//
// Thread contract: all calls by the thread that runs the task.
// Cost: one virtual call a batch.
//
//   base::Status s = op->process(batch, rejects);
//   base::ByteWriter w;  op->snapshot(w);
#pragma once

#include <cstdint>
#include <limits>
#include <memory>

#include <headrace/base/bytes.hpp>
#include <headrace/base/error.hpp>
#include <headrace/record/record_batch.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::ops {

class Operator {
 public:
  virtual ~Operator() = default;
  // Columns after this step; fixed at construction.
  [[nodiscard]] virtual const record::SchemaPtr& output_schema() const noexcept = 0;
  // Changes `batch` in place. Rejected rows are removed from it and appended to `rejects` with
  // their reason (task and offset filled in; the original bytes are added by the caller).
  // An error is fatal to the stream: a bad record never is one.
  [[nodiscard]] virtual base::Status process(record::RecordBatch& batch,
                                             record::Rejects& rejects) = 0;
  // As process, for the last batch of a task: rows that were held back come out with it.
  [[nodiscard]] virtual base::Status finish(record::RecordBatch& batch, record::Rejects& rejects) {
    return process(batch, rejects);
  }
  // Whether this is an operator that holds rows back; fixed at construction.
  [[nodiscard]] virtual bool holds_rows() const noexcept { return false; }
  // The smallest offset that is held back now, or kNothingHeld. For commits only, so it may look at
  // every held row.
  static constexpr std::int64_t kNothingHeld = std::numeric_limits<std::int64_t>::max();
  [[nodiscard]] virtual std::int64_t first_held() const noexcept { return kNothingHeld; }
  // Rows taken out on the user's word, without becoming dead letters (validate's "drop"), since
  // construction. For status only: no part of the state that snapshot saves.
  [[nodiscard]] virtual std::uint64_t dropped() const noexcept { return 0; }
  // Rows that came too late and were left out on the user's word, without becoming dead letters
  // (on_late="count"), since construction. For status only, likewise.
  [[nodiscard]] virtual std::uint64_t late() const noexcept { return 0; }
  // State to bytes and back. restore replaces the state; after it the operator continues to the
  // bit.
  virtual void snapshot(base::ByteWriter& writer) const = 0;
  [[nodiscard]] virtual base::Status restore(base::ByteReader& reader) = 0;
};

using OperatorPtr = std::unique_ptr<Operator>;

}  // namespace headrace::ops
