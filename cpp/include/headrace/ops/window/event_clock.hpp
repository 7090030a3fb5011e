// Event time of a task: how far it has come, and which times are too far ahead to be believed.
//
// The watermark is the newest time minus the grace and never goes back. A time further ahead of the
// newest than `max_skew` does not move it: one record of the year 2100 must not close everybody's
// windows. But a stream may rightly jump (a replay over a gap of years), so the third record in a
// row from about the same time ahead is believed, and time goes on from there; the two before it
// stay refused.
//
// Thread contract: belongs to one operator. No clock but the records' own times enters.
// Cost: two comparisons a row.
//
//   EventClock clock(grace_ns, max_skew_ns);
//   if (!clock.accept(time)) ...   // too far ahead
//   if (end <= clock.watermark()) ...   // closed
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <headrace/base/bytes.hpp>
#include <headrace/ops/event_time.hpp>
#include <headrace/record/value_text.hpp>

namespace headrace::ops {

class EventClock {
 public:
  static constexpr int kBelieved = 3;  // records from one time ahead

  EventClock(std::int64_t grace, std::optional<std::int64_t> max_skew)
      : grace_(grace), max_skew_(max_skew.value_or(kLargest)) {}

  // False: too far ahead; nothing has changed for other records.
  [[nodiscard]] bool accept(std::int64_t time) noexcept {
    if (time <= limit_) [[likely]] {
      if (time > newest_) move_to(time);
      ahead_count_ = 0;
      return true;
    }
    return believe(time);
  }

  [[nodiscard]] std::int64_t newest() const noexcept { return newest_; }
  // The smallest time there is before the first record.
  [[nodiscard]] std::int64_t watermark() const noexcept { return watermark_; }
  [[nodiscard]] std::int64_t grace() const noexcept { return grace_; }
  [[nodiscard]] std::int64_t max_skew() const noexcept { return max_skew_; }

  // For the dead letter of a time that was not accepted.
  [[nodiscard]] std::string ahead_text(std::int64_t time) const {
    return "event time " + record::timestamp_text(time) + " is " +
           record::duration_text(distance(time, newest_)) + " ahead of the newest (" +
           record::timestamp_text(newest_) + "), max_skew " +
           record::duration_text(static_cast<std::uint64_t>(max_skew_));
  }

  void snapshot(base::ByteWriter& writer) const {
    writer.put(newest_);
    writer.put(ahead_);
    writer.put(static_cast<std::int32_t>(ahead_count_));
  }
  [[nodiscard]] base::Status restore(base::ByteReader& reader) {
    std::int64_t newest = kSmallest;
    if (base::Status s = reader.get_into(newest); !s) return s;
    if (base::Status s = reader.get_into(ahead_); !s) return s;
    std::int32_t count = 0;
    if (base::Status s = reader.get_into(count); !s) return s;
    if (count < 0 || count >= kBelieved) {
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "snapshot of event time has " + std::to_string(count) +
                                    " records ahead of it"};
    }
    ahead_count_ = count;
    if (newest != kSmallest) move_to(newest);
    return {};
  }

 private:
  static constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

  void move_to(std::int64_t time) noexcept {
    newest_ = time;
    watermark_ = time < kSmallest + grace_ ? kSmallest : time - grace_;
    const bool any = max_skew_ == kLargest || time > kLargest - max_skew_;
    limit_ = any ? kLargest : time + max_skew_;
  }
  [[nodiscard]] bool believe(std::int64_t time) noexcept {
    const bool same =
        ahead_count_ > 0 && distance(time, ahead_) <= static_cast<std::uint64_t>(max_skew_);
    ahead_count_ = same ? ahead_count_ + 1 : 1;
    ahead_ = time;
    if (ahead_count_ < kBelieved) return false;
    ahead_count_ = 0;
    move_to(time);
    return true;
  }

  std::int64_t grace_;
  std::int64_t max_skew_;
  std::int64_t newest_ = kSmallest;
  std::int64_t watermark_ = kSmallest;
  std::int64_t limit_ = kLargest;  // the first record's time is as good as any
  std::int64_t ahead_ = 0;
  int ahead_count_ = 0;
};

}  // namespace headrace::ops
