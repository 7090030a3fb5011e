// The window steps as a plan writes them: groups and windows
//
//   {"op": "window", "group": ["Airline"],
//    "window": {"kind": "fixed", "size_ns": 86400000000000, "hop_ns": ..., "offset_ns": 0}
//            | {"kind": "calendar", "unit": "day"|"week"|"month"|"year", "count": 1, "zone": Z}
//            | {"kind": "hours", "open_ns": ..., "close_ns": ..., "weekdays": 31, "zone": Z}
//            | {"kind": "all"}
//            | {"kind": "session", "gap_ns": ...}
//            | {"kind": "count", "rows": 100}
//            | {"kind": "measure", "columns": ["Price", "Volume"], "threshold": 1000000}
//            | {"kind": "sliding", "length_ns": ... | "rows": 20},
//    "aggregates": [{"kind": "mean", "name": "delay", "columns": ["DepDelay"], "params": []}],
//    "grace_ns": 0, "max_skew_ns": null, "on_late": "count"|"side_output"|"update",
//    "allowed_lateness_ns": 0, "updates": false,
//    "max_groups": null, "on_full": "evict_oldest"|"reject"|"raise",
//    "start": "window_start", "end": "window_end"}
//
// and the one that fills the gaps between bars, with a window that follows the one before in time:
//
//   {"op": "fill", "window": {...}, "end": "", "carry": "Close", "carried": ["Open", "Close"],
//    "zeroed": ["Volume"], "emptied": ["Vwap"], "longest_ns": null}
//
// Z is {"name": "America/New_York", "transitions": [[utc seconds, offset seconds], ...]}: the plan
// carries the zone, so that it means the same on every machine. `end` "" leaves the column out.
//
// Thread contract: pure functions.
#pragma once

#include <simdjson.h>

#include <headrace/ops/window/fill_operator.hpp>
#include <headrace/ops/window/window_operator.hpp>

namespace headrace::pipeline {

// Without a schema, which is not known yet. Both throw base::Exception.
[[nodiscard]] ops::WindowArgs parse_window(const simdjson::dom::element& json);
[[nodiscard]] ops::FillArgs parse_fill(const simdjson::dom::element& json);

}  // namespace headrace::pipeline
