#include <headrace/ops/window/window_step.hpp>

#include <algorithm>
#include <utility>

#include <headrace/ops/event_time.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {

using record::RecordBatch;
using record::RejectReason;

namespace {

base::Error damaged(const std::string& how) {
  return {.code = base::ErrorCode::kCheckpoint, .message = "snapshot of a window " + how};
}

std::string columns_text(const record::Schema& schema) {
  std::string text;
  for (const record::Field& field : schema.fields()) {
    text += (text.empty() ? "" : ", ") + field.name;
  }
  return text;
}

}  // namespace

WindowStep::WindowStep(WindowParts parts)
    : groups_(std::move(parts.groups)),
      panes_(std::move(parts.panes)),
      clock_(parts.args->grace, parts.args->max_skew),
      args_(std::move(parts.args)),
      results_(std::move(parts.results)) {}

base::Status WindowStep::process(RecordBatch& batch, Rejects& rejects) {
  if (base::Status status = take_all(batch, rejects); !status) return status;
  results_.write(batch, groups_, panes_);
  groups_.reuse();
  return {};
}

base::Status WindowStep::finish(RecordBatch& batch, Rejects& rejects) {
  if (base::Status status = take_all(batch, rejects); !status) return status;
  batch_ = &batch;
  close_all();
  results_.write(batch, groups_, panes_);
  groups_.reuse();
  return {};
}

base::Status WindowStep::take_all(RecordBatch& batch, Rejects& rejects) {
  if (batch.rows() == 0) return {};
  batch_ = &batch;
  groups_.begin(batch);
  look_at(batch);
  const std::int64_t* const times = batch.event_times->as<std::int64_t>();
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    if (base::Status status = take(row, times[row], rejects); !status) return status;
  }
  flush();
  return {};
}

base::Result<std::uint32_t> WindowStep::new_group(std::size_t row, Rejects& rejects) {
  const bool capped = args_->max_groups != 0;
  if (capped && groups_.size() >= args_->max_groups) {
    const std::string cap = "a new group where max_groups = " + std::to_string(args_->max_groups);
    if (args_->on_full == OnFull::kRaise) {
      return base::Error{.code = base::ErrorCode::kUnsupported,
                         .message = "window: " + cap +
                                    " are there already; on_full=\"evict_oldest\" "
                                    "or \"reject\" goes on without some"};
    }
    if (args_->on_full == OnFull::kReject) {
      rejects.push_back(reject(row, RejectReason::kGroups, cap + " are there"));
      return GroupIndex::kNone;
    }
    const std::uint32_t oldest = recency_.oldest();
    flush();
    evict(oldest);
    recency_.remove(oldest);
    groups_.forget(oldest);
    ++evicted_;
  }
  const std::uint32_t id = groups_.add(row);
  resize(groups_.ids());
  if (capped) recency_.touch(id);
  return id;
}

record::Reject WindowStep::reject(std::size_t row, RejectReason reason, std::string detail) const {
  record::Reject made;
  made.reason = reason;
  made.detail = std::move(detail);
  const record::Schema& schema = *args_->schema;
  made.field = schema.fields()[static_cast<std::size_t>(schema.event_time_index())].name;
  made.task = batch_->origin(row);
  if (batch_->offsets) made.offset = batch_->offset_values()[row];
  return made;
}

// `closed`: which windows, to begin a sentence with.
void WindowStep::late(std::size_t row, std::int64_t time, std::string closed, Rejects& rejects) {
  if (args_->on_late != OnLate::kSideOutput) {
    ++late_;
    return;
  }
  const auto grace = static_cast<std::uint64_t>(clock_.grace());
  rejects.push_back(reject(row, RejectReason::kLate,
                           "event time " + record::timestamp_text(time) + ": " + closed +
                               "; the newest is " + record::timestamp_text(clock_.newest()) +
                               ", grace " + record::duration_text(grace)));
}

void WindowStep::ahead(std::size_t row, std::int64_t time, Rejects& rejects) {
  const auto most = static_cast<std::uint64_t>(clock_.max_skew());
  rejects.push_back(reject(row, RejectReason::kFuture,
                           "event time " + record::timestamp_text(time) + " is " +
                               record::duration_text(distance(time, clock_.newest())) +
                               " ahead of the newest (" + record::timestamp_text(clock_.newest()) +
                               "), max_skew " + record::duration_text(most)));
}

void WindowStep::snapshot(base::ByteWriter& writer) const {
  writer.put_string(columns_text(*results_.schema()));
  clock_.snapshot(writer);
  groups_.snapshot(writer);
  if (args_->max_groups != 0) {
    std::vector<std::uint32_t> serials;
    for (const std::uint32_t id : recency_.oldest_first()) serials.push_back(groups_.serial(id));
    writer.put_span(std::span<const std::uint32_t>(serials));
  }
  snapshot_groups(writer, groups_.in_order());
}

base::Status WindowStep::restore(base::ByteReader& reader) {
  const base::Result<std::string> columns = reader.get_string();
  if (!columns) return columns.error();
  if (*columns != columns_text(*results_.schema())) {
    return damaged("is of another one, whose columns are " + *columns);
  }
  if (base::Status s = clock_.restore(reader); !s) return s;
  if (base::Status s = groups_.restore(reader); !s) return s;
  resize(groups_.ids());
  if (args_->max_groups != 0) {
    const base::Result<std::vector<std::uint32_t>> serials = reader.get_vector<std::uint32_t>();
    if (!serials) return serials.error();
    const std::vector<std::uint32_t> ids = groups_.in_order();
    for (const std::uint32_t serial : *serials) {
      const auto at = std::lower_bound(
          ids.begin(), ids.end(), serial,
          [this](std::uint32_t id, std::uint32_t wanted) { return groups_.serial(id) < wanted; });
      if (at == ids.end() || groups_.serial(*at) != serial) return damaged("names a strange group");
      recency_.touch(*at);
    }
  }
  return restore_groups(reader, groups_.ids());
}

}  // namespace headrace::ops
