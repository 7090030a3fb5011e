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

void put_window(base::ByteWriter& writer, const WindowArgs& args) {
  writer.put(static_cast<std::uint8_t>(args.window.index()));
  std::visit(
      [&writer]<class W>(const W& window) {
        if constexpr (std::is_same_v<W, SessionWindows>) {
          writer.put(window.gap);
        } else if constexpr (std::is_same_v<W, CountWindows>) {
          writer.put(window.rows);
        } else if constexpr (std::is_same_v<W, MeasureWindows>) {
          for (const std::string& column : window.columns) writer.put_string(column);
          writer.put(window.threshold);
        } else if constexpr (std::is_same_v<W, SlidingWindows>) {
          writer.put(window.length);
          writer.put(window.rows);
        } else {
          window.describe(writer);
        }
      },
      args.window);
}

// All that the state depends on beside the columns that come out.
std::string arguments_text(const WindowArgs& args) {
  base::ByteWriter writer;
  put_window(writer, args);
  for (const AggregateCall& call : args.aggregates) {
    writer.put_string(call.kind);
    for (const std::string& column : call.columns) writer.put_string(column);
    for (const double param : call.params) writer.put(param);
  }
  writer.put(args.grace);
  writer.put(args.max_skew.value_or(-1));
  writer.put(static_cast<std::uint8_t>(args.on_late));
  writer.put(args.allowed_lateness);
  writer.put(static_cast<std::uint64_t>(args.max_groups));
  writer.put(static_cast<std::uint8_t>(args.on_full));
  const std::vector<std::byte> bytes = std::move(writer).take();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
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
    if (!clock_.accept(times[row])) [[unlikely]] {
      ahead(row, times[row], rejects);
    } else if (base::Status status = take(row, times[row], rejects); !status) {
      return status;
    }
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
  if (reason != RejectReason::kGroups) {
    made.behind_ns = behind(clock_.newest(), batch_->event_times->as<std::int64_t>()[row]);
  }
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
  rejects.push_back(reject(row, RejectReason::kFuture, clock_.ahead_text(time)));
}

std::vector<WindowStep::Due> WindowStep::each_once(std::vector<Due> dues) const {
  std::erase_if(dues, [this](const Due& due) { return is_gone(due); });
  sort_by_serial(dues);
  const auto same = [](const Due& a, const Due& b) { return a.serial == b.serial; };
  dues.erase(std::unique(dues.begin(), dues.end(), same), dues.end());
  return dues;
}

void WindowStep::snapshot(base::ByteWriter& writer) const {
  writer.put_string(columns_text(*results_.schema()));
  writer.put_string(arguments_text(*args_));
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
  base::ByteWriter before;
  snapshot(before);
  base::Status status = restore_all(reader);
  if (status) return status;
  base::ByteReader undo(before.bytes());
  restore_all(undo).throw_if_error();
  return status;
}

void WindowStep::clear() {
  groups_ = GroupIndex(*args_->schema, groups_.columns());
  panes_.clear();
  clock_ = EventClock(args_->grace, args_->max_skew);
  recency_ = {};
  clear_groups();
}

base::Status WindowStep::restore_all(base::ByteReader& reader) {
  const base::Result<std::string> columns = reader.get_string();
  if (!columns) return columns.error();
  if (*columns != columns_text(*results_.schema())) {
    return damaged("is of another one, whose columns are " + *columns);
  }
  const base::Result<std::string> arguments = reader.get_string();
  if (!arguments) return arguments.error();
  if (*arguments != arguments_text(*args_)) return damaged("is of one with other arguments");
  clear();
  if (base::Status s = clock_.restore(reader); !s) return s;
  if (base::Status s = groups_.restore(reader); !s) return s;
  resize(groups_.ids());
  if (args_->max_groups != 0) {
    if (base::Status s = restore_recency(reader); !s) return s;
  }
  return restore_groups(reader, groups_.ids());
}

base::Status WindowStep::restore_recency(base::ByteReader& reader) {
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
  if (recency_.oldest_first().size() != ids.size()) return damaged("does not name every group");
  return {};
}

}  // namespace headrace::ops
