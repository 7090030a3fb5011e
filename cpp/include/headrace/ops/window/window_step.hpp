// What all window operators share: groups and their cap, panes, lateness, results, snapshots.
//
// An operator walks the rows of a batch in order (take) and decides for each where it belongs. What
// it gives out goes to the results; the batch becomes them at the end. Everything that an operator
// does depends on the rows so far alone, never on where the batch began.
//
// Thread contract: see operator.hpp.
// Cost: see window_operator.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <headrace/ops/operator.hpp>
#include <headrace/ops/window/agenda.hpp>
#include <headrace/ops/window/event_clock.hpp>
#include <headrace/ops/window/group_index.hpp>
#include <headrace/ops/window/pane_set.hpp>
#include <headrace/ops/window/recency.hpp>
#include <headrace/ops/window/window_operator.hpp>
#include <headrace/ops/window/window_results.hpp>

namespace headrace::ops {

// The parts of a window operator, made of checked arguments.
struct WindowParts {
  std::shared_ptr<const WindowArgs> args;
  GroupIndex groups;
  PaneSet panes;
  WindowResults results;
};

class WindowStep : public Operator {
 public:
  explicit WindowStep(WindowParts parts);

  [[nodiscard]] const record::SchemaPtr& output_schema() const noexcept final {
    return results_.schema();
  }
  [[nodiscard]] base::Status process(record::RecordBatch& batch, record::Rejects& rejects) final;
  [[nodiscard]] base::Status finish(record::RecordBatch& batch, record::Rejects& rejects) final;
  // A window that is still open is not given out: its records are read again when the run goes on.
  [[nodiscard]] base::Status stop(record::RecordBatch& batch, record::Rejects& rejects) final {
    return process(batch, rejects);
  }
  [[nodiscard]] bool holds_rows() const noexcept final { return true; }
  [[nodiscard]] std::uint64_t late() const noexcept final { return late_; }
  [[nodiscard]] std::uint64_t evicted() const noexcept final { return evicted_; }

  void snapshot(base::ByteWriter& writer) const final;
  [[nodiscard]] base::Status restore(base::ByteReader& reader) final;

 protected:
  using Rejects = record::Rejects;

  using Due = Agenda::Due;

  [[nodiscard]] Due due(std::uint32_t id) const noexcept {
    return {.id = id, .serial = groups_.serial(id)};
  }
  // Those that are still there, each once, in the order in which they came.
  [[nodiscard]] std::vector<Due> each_once(std::vector<Due> dues) const;
  // Whether it is of a group that was forgotten.
  [[nodiscard]] bool is_gone(const Due& due) const noexcept {
    return groups_.serial(due.id) != due.serial;
  }

  // One row that the clock has accepted: note it in a pane, or not. An error ends the stream.
  [[nodiscard]] virtual base::Status take(std::size_t row, std::int64_t time, Rejects& rejects) = 0;
  // Before the first row of a batch.
  virtual void look_at(const record::RecordBatch& /*batch*/) {}
  // At the end of the records: gives out what is open.
  virtual void close_all() = 0;
  // Gives out what is open of a group, which is then forgotten.
  virtual void evict(std::uint32_t id) = 0;
  // The state by group: `ids` are in the order in which they came, restored ones are 0, 1, ...
  virtual void snapshot_groups(base::ByteWriter& writer,
                               const std::vector<std::uint32_t>& ids) const = 0;
  [[nodiscard]] virtual base::Status restore_groups(base::ByteReader& reader,
                                                    std::size_t groups) = 0;
  // As before the first record; the panes are released by the caller.
  virtual void clear_groups() = 0;
  // Room for groups with ids below.
  virtual void resize(std::size_t ids) = 0;

  // The group of a row, or GroupIndex::kNone where there is no room for it (and it was rejected).
  [[nodiscard]] base::Result<std::uint32_t> group_of(std::size_t row, Rejects& rejects) {
    const std::uint32_t known = groups_.find(row);
    if (known == GroupIndex::kNone) [[unlikely]] {
      return new_group(row, rejects);
    }
    if (args_->max_groups != 0) recency_.touch(known);
    return known;
  }
  void late(std::size_t row, std::int64_t time, std::string closed, Rejects& rejects);
  // Everything noted so far is in the panes then.
  void flush() { panes_.flush(*batch_); }
  // One result; its pane is to be emitted as well, in the same order.
  void list(WindowResult result) {
    result.key = groups_.serial(result.group);
    results_.add(result);
  }
  // One result, of a pane with everything in it.
  void give(const WindowResult& result, std::uint32_t pane) {
    list(result);
    panes_.emit({&pane, 1});
  }
  [[nodiscard]] const record::RecordBatch& batch() const noexcept { return *batch_; }
  [[nodiscard]] const WindowArgs& args() const noexcept { return *args_; }

  GroupIndex groups_;
  PaneSet panes_;
  EventClock clock_;

 private:
  void ahead(std::size_t row, std::int64_t time, Rejects& rejects);
  [[nodiscard]] base::Result<std::uint32_t> new_group(std::size_t row, Rejects& rejects);
  [[nodiscard]] record::Reject reject(std::size_t row, record::RejectReason reason,
                                      std::string detail) const;
  [[nodiscard]] base::Status take_all(record::RecordBatch& batch, Rejects& rejects);
  void clear();
  [[nodiscard]] base::Status restore_all(base::ByteReader& reader);
  [[nodiscard]] base::Status restore_recency(base::ByteReader& reader);

  std::shared_ptr<const WindowArgs> args_;
  WindowResults results_;
  const record::RecordBatch* batch_ = nullptr;  // that is being worked off
  Recency recency_;                             // only where there is a cap
  std::uint64_t late_ = 0;                      // counted only, for the status
  std::uint64_t evicted_ = 0;
};

[[nodiscard]] OperatorPtr make_time_window(WindowParts parts);
[[nodiscard]] OperatorPtr make_session_window(WindowParts parts);
[[nodiscard]] OperatorPtr make_filled_window(WindowParts parts, std::vector<std::size_t> measured);
[[nodiscard]] OperatorPtr make_sliding_window(WindowParts parts);

}  // namespace headrace::ops
