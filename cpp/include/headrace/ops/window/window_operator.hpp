// Groups and windows: rows go in, one row a group and window comes out, with its aggregates.
//
// The result's columns: those of the group, the window's start and end, the aggregates, and with
// `updates` is_final. Its event time is the window's start, its key the stream's key where that is
// one of the group columns, else the first of them that can be one. A row's offset is that of the
// newest record in it.
//
// Time windows close when the watermark (event_clock.hpp) has come to their end; all windows that
// close at one record come out by end, then in the order in which their groups first came. A record
// all of whose windows are closed is late. Sessions end when no record came for the gap; windows of
// a number of records, or of a sum (volume bars), close with the record that fills them, whatever
// its time, and have the smallest and largest event time as start and end. What is open at the end
// of a bounded stream comes out then.
//
// Thread contract: see operator.hpp.
// Cost: 10-20 ns a row for the group and the pane, some 50 ns a window that opens and closes, and
//   what the aggregates cost; memory is one state of each aggregate for every open window (slice,
//   see slices.hpp) of every group, 100 bytes beside it, and what group_index.hpp says.
//
//   WindowArgs args{.schema = schema, .group = {"Airline"}, .window = Slices::fixed(day, day)};
//   args.aggregates = {{.kind = "count", .name = "flights"}};
//   OperatorPtr op = make_window_operator(std::move(args)).value_or_throw();
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <headrace/ops/aggregate/aggregates.hpp>
#include <headrace/ops/operator.hpp>
#include <headrace/ops/window/slices.hpp>

namespace headrace::ops {

struct SessionWindows {
  std::int64_t gap = 0;  // at least this long without a record ends a session
};
struct CountWindows {
  std::int64_t rows = 0;
};
// Closed by the record with which the sum (of the product) of the columns reaches the threshold.
struct MeasureWindows {
  std::vector<std::string> columns;  // one, or two that are multiplied
  double threshold = 0;
};
// A result for every record: over those of its group that are less than `length` older, or the last
// `rows` ones. Needs rows in the order of their event times: one that is older than the newest of
// its group is late.
struct SlidingWindows {
  std::int64_t length = 0;  // 0: by rows
  std::int64_t rows = 0;
};

enum class OnLate : std::uint8_t { kCount, kSideOutput, kUpdate };
enum class OnFull : std::uint8_t { kEvictOldest, kReject, kRaise };

struct WindowArgs {
  record::SchemaPtr schema;
  std::vector<std::string> group;
  std::variant<Slices, SessionWindows, CountWindows, MeasureWindows, SlidingWindows> window;
  std::vector<AggregateCall> aggregates;
  std::int64_t grace = 0;
  std::optional<std::int64_t> max_skew;  // of a record's time ahead of the newest
  OnLate on_late = OnLate::kCount;
  std::int64_t allowed_lateness = 0;  // kUpdate: how long after it closed a window can be updated
  bool updates = false;               // a result with every record, not only when a window closes
  std::size_t max_groups = 0;         // 0: any number
  OnFull on_full = OnFull::kEvictOldest;
  std::string start = "window_start";
  std::string end = "window_end";  // empty: no such column
};

[[nodiscard]] base::Result<OperatorPtr> make_window_operator(WindowArgs args);

}  // namespace headrace::ops
