// How time is cut: which slice an instant belongs to, and which windows a slice is part of.
//
// A slice is the longest stretch of time that no window border cuts. Tumbling and calendar windows
// are slices; a hopping window is several of them, so a record is added once however many windows
// it is in. Starts are inclusive, ends exclusive. Fixed lengths count from 1970-01-01T00:00Z (plus
// `offset`; lengths of whole weeks from Monday), as Flink's and pandas' do; days, weeks, months and
// years of a time zone follow its local clock, so a day has 23, 24 or 25 hours.
//
// Thread contract: immutable.
// Cost: a division for fixed lengths; 30-50 ns for those of a calendar.
//
//   const Slices hours = Slices::fixed(3'600'000'000'000);
//   Slice slice = *hours.of(time);
#pragma once

#include <cstdint>
#include <optional>

#include <headrace/base/bytes.hpp>
#include <headrace/base/error.hpp>
#include <headrace/ops/time_zone.hpp>

namespace headrace::ops {

struct Slice {
  std::int64_t start = 0;
  std::int64_t end = 0;  // not part of it

  [[nodiscard]] bool holds(std::int64_t time) const noexcept { return time >= start && time < end; }
  bool operator==(const Slice&) const = default;
};

enum class CalendarUnit : std::uint8_t { kDay, kWeek, kMonth, kYear };

class Slices {
 public:
  // Windows of `size` that begin every `hop` (tumbling: the same). Errors: not above 0, a hop above
  // the size, more than kMostWindows windows over one instant.
  [[nodiscard]] static base::Result<Slices> fixed(std::int64_t size, std::int64_t hop,
                                                  std::int64_t offset = 0);
  // `count` units of the calendar: from 1970 on, weeks from Monday.
  [[nodiscard]] static base::Result<Slices> calendar(CalendarUnit unit, std::int64_t count,
                                                     TimeZone zone);
  // From `open` to `close` (after local midnight; a close not above open is on the next day) of the
  // days in `weekdays` (bit 0: Monday). What lies between is in no slice.
  [[nodiscard]] static base::Result<Slices> hours(std::int64_t open, std::int64_t close,
                                                  std::uint32_t weekdays, TimeZone zone);
  // One slice for all times.
  [[nodiscard]] static Slices all();

  static constexpr std::int64_t kMostWindows = 1000;

  [[nodiscard]] std::optional<Slice> of(std::int64_t time) const;
  // The slice that follows: for filling gaps. Meaningless after the end of time.
  [[nodiscard]] Slice next(const Slice& slice) const;

  // Whether an instant can be in several windows.
  [[nodiscard]] bool overlapping() const noexcept { return hop_ != 0; }
  // End of the first window, and of the last one, that has this slice.
  [[nodiscard]] std::int64_t first_end(const Slice& slice) const noexcept {
    return hop_ == 0 ? slice.end : first_overlapping_end(slice);
  }
  [[nodiscard]] std::int64_t last_end(const Slice& slice) const noexcept {
    return hop_ == 0 ? slice.end : last_overlapping_end(slice);
  }
  // Whether a window ends with `end` that has this slice, which does not end after it.
  [[nodiscard]] bool is_part(const Slice& slice, std::int64_t end) const noexcept {
    return hop_ == 0 ? slice.end == end : is_overlapping_part(slice, end);
  }
  // From the end of a window to that of the next one: only where they overlap.
  [[nodiscard]] std::int64_t hop() const noexcept { return hop_; }
  // Start of the window that ends with `end`, whose last slice is `slice`.
  [[nodiscard]] std::int64_t window_start(std::int64_t end, const Slice& slice) const noexcept;
  // Bytes that two of them share only if they cut time in the same way.
  void describe(base::ByteWriter& writer) const;
  [[nodiscard]] bool is_all() const noexcept { return kind_ == Kind::kAll; }

 private:
  enum class Kind : std::uint8_t { kFixed, kCalendar, kHours, kAll };
  // Of windows that overlap.
  [[nodiscard]] std::int64_t first_overlapping_end(const Slice& slice) const noexcept;
  [[nodiscard]] std::int64_t last_overlapping_end(const Slice& slice) const noexcept;
  [[nodiscard]] bool is_overlapping_part(const Slice& slice, std::int64_t end) const noexcept;

  [[nodiscard]] std::int64_t day_of(std::int64_t time) const noexcept;
  [[nodiscard]] Slice calendar_slice(std::int64_t day) const;
  [[nodiscard]] std::optional<Slice> hours_of_day(std::int64_t day) const;

  Kind kind_ = Kind::kFixed;
  std::int64_t size_ = 0;
  std::int64_t hop_ = 0;     // 0: every window is one slice
  std::int64_t width_ = 0;   // of a slice
  std::int64_t offset_ = 0;  // of the windows' starts
  CalendarUnit unit_ = CalendarUnit::kDay;
  std::int64_t count_ = 1;
  std::int64_t open_ = 0;
  std::int64_t close_ = 0;
  std::uint32_t weekdays_ = 0;
  TimeZone zone_;
};

}  // namespace headrace::ops
