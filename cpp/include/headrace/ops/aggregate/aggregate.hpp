// An aggregate: what the rows of a window add up to, kept for many panes at once.
//
// A pane is a number: a place where each aggregate of a step keeps one state. The window operators
// decide which row belongs to which pane, when panes are merged and when their results are due; an
// aggregate knows nothing of time. Rows reach a pane in the order of the records, whatever batches
// they came in, and so do merges: a result is the same bits however the stream was cut.
//
// Nulls and NaN are skipped, as in pandas. `count` without a column counts rows.
//
// Thread contract: belongs to one operator.
// Cost: one virtual call a run of rows; per row as each aggregate says.
// Lifetime: nothing of a batch is kept.
//
//   aggregate->resize(panes);
//   aggregate->clear(panes);
//   aggregate->add(batch, rows);       // rows with their panes
//   aggregate->emit(panes);            // results, in this order
//   aggregate->take(columns);          // all results since the last take, as columns
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <headrace/base/bytes.hpp>
#include <headrace/record/record_batch.hpp>

namespace headrace::ops {

struct PaneRow {
  std::uint32_t row;
  std::uint32_t pane;
};

class Aggregate {
 public:
  using Panes = std::span<const std::uint32_t>;

  virtual ~Aggregate() = default;
  // The columns it makes; fixed at construction.
  [[nodiscard]] virtual const std::vector<record::Field>& fields() const noexcept = 0;
  // Room for panes 0 .. panes-1; never less than before.
  virtual void resize(std::size_t panes) = 0;
  // The panes are as if they had seen nothing.
  virtual void clear(Panes panes) = 0;
  // In the order of the span. The batch needs event times for `first`, `last` and `ohlc`.
  virtual void add(const record::RecordBatch& batch, std::span<const PaneRow> rows) = 0;
  // `into` is as if it had seen its own rows and then those of `from`, which stays.
  virtual void merge(std::uint32_t into, std::uint32_t from) = 0;
  // Appends one result a pane; the panes stay.
  virtual void emit(Panes panes) = 0;
  // Appends its columns to `columns`, with every result since the last call.
  virtual void take(std::vector<record::Column>& columns) = 0;

  virtual void snapshot(base::ByteWriter& writer, std::uint32_t pane) const = 0;
  // Into a cleared pane; after an error the pane is only to be cleared.
  [[nodiscard]] virtual base::Status restore(base::ByteReader& reader, std::uint32_t pane) = 0;
};

using AggregatePtr = std::unique_ptr<Aggregate>;

}  // namespace headrace::ops
