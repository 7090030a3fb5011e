// The window step as a plan writes it:
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
// Z is {"name": "America/New_York", "transitions": [[utc seconds, offset seconds], ...]}: the plan
// carries the zone, so that it means the same on every machine. `end` "" leaves the column out.
//
// Thread contract: pure functions.
#pragma once

#include <simdjson.h>

#include <headrace/ops/window/window_operator.hpp>

namespace headrace::pipeline {

// Without a schema, which is not known yet. Throws base::Exception.
[[nodiscard]] ops::WindowArgs parse_window(const simdjson::dom::element& json);

}  // namespace headrace::pipeline
