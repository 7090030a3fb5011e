// How far a join by event time has come, and which rows come too late for it.
//
// Rows are joined in the order of event time, then input. A row that belongs before one that was
// there already is late: the grace of the merge did not reach it. It becomes a dead letter, for
// what it would have matched may be gone.
//
// Thread contract: belongs to one operator.
// Cost: two comparisons a row; a late one pays for its message.
//
//   if (order.is_late(kLeftInput, time)) rejects.push_back(order.late(batch, row));
//   if (order.right_complete(time)) ...   // no right row of up to `time` comes any more
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include <headrace/base/bytes.hpp>
#include <headrace/ops/event_time.hpp>
#include <headrace/ops/join/join_columns.hpp>
#include <headrace/record/reject.hpp>

namespace headrace::ops {

class JoinOrder {
 public:
  // Where false, the row is the newest from now on.
  [[nodiscard]] bool is_late(std::uint32_t input, std::int64_t time) noexcept {
    if (time < time_ || (time == time_ && input < input_)) return true;
    time_ = time;
    input_ = input;
    return false;
  }
  [[nodiscard]] record::Reject late(const record::RecordBatch& batch, std::size_t row) const;

  // Of the newest row; the smallest time there is before the first one.
  [[nodiscard]] std::int64_t time() const noexcept { return time_; }
  [[nodiscard]] bool right_complete(std::int64_t time) const noexcept {
    return time < time_ || (time == time_ && input_ == kLeftInput);
  }

  void snapshot(base::ByteWriter& writer) const;
  [[nodiscard]] base::Status restore(base::ByteReader& reader);

 private:
  std::int64_t time_ = std::numeric_limits<std::int64_t>::min();
  std::uint32_t input_ = kRightInput;
};

}  // namespace headrace::ops
