// A time zone as a plan writes it: its name and its transitions.
//
//   {"name": "Europe/Berlin", "transitions": [[-2208988800, 3600], [1711846800, 7200], ...]}
//
// Each pair is an instant in seconds since 1970 and the seconds that the local clock is ahead of
// UTC from then on.
//
// Thread contract: pure function.
//
//   if (auto zone = object.find("zone")) spec.zone = parse_time_zone(*zone);
#pragma once

#include <headrace/ops/time_zone.hpp>
#include <headrace/pipeline/plan_json.hpp>

namespace headrace::pipeline {

// Throws base::Exception with what was received.
[[nodiscard]] ops::TimeZone parse_time_zone(const simdjson::dom::element& json);

}  // namespace headrace::pipeline
