#include <headrace/ops/join/join_order.hpp>

#include <algorithm>
#include <string>

#include <headrace/ops/event_time.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {

record::Reject JoinOrder::late(const record::RecordBatch& batch, std::size_t row) const {
  const std::int64_t time = batch.event_times->as<std::int64_t>()[row];
  record::Reject made;
  made.reason = record::RejectReason::kLate;
  made.detail = "event time " + record::timestamp_text(time) + " is " +
                record::duration_text(distance(time, time_)) +
                " behind the newest that was joined (" + record::timestamp_text(time_) +
                "); a longer grace waits for it";
  const record::Schema& schema = *batch.schema();
  if (const int at = schema.event_time_index(); at >= 0) {
    made.field = schema.fields()[static_cast<std::size_t>(at)].name;
  }
  made.task = batch.origin(row);
  if (batch.offsets) made.offset = batch.offset_values()[row];
  made.behind_ns = behind(time_, time);
  return made;
}

void JoinOrder::snapshot(base::ByteWriter& writer) const {
  writer.put(time_);
  writer.put(input_);
}

base::Status JoinOrder::restore(base::ByteReader& reader) {
  if (base::Status s = reader.get_into(time_); !s) return s;
  if (base::Status s = reader.get_into(input_); !s) return s;
  if (input_ <= std::max(kLeftInput, kRightInput)) return {};
  return base::Error{.code = base::ErrorCode::kCheckpoint,
                     .message = "snapshot of a join has an input " + std::to_string(input_)};
}

}  // namespace headrace::ops
