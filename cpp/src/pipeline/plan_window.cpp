#include <headrace/pipeline/plan_window.hpp>

#include <utility>

#include <headrace/pipeline/plan_json.hpp>
#include <headrace/pipeline/plan_zone.hpp>

namespace headrace::pipeline {
namespace {

using simdjson::dom::element;

double number(const JsonObject& object, std::string_view key) {
  const element json = object.require(key);
  double value = 0;
  if (!json.is_number() || json.get(value) != simdjson::SUCCESS) {
    throw object.wrong(key, "a number", json);
  }
  return value;
}

std::int64_t integer_or(const JsonObject& object, std::string_view key, std::int64_t otherwise) {
  return object.find(key) ? object.integer(key) : otherwise;
}

ops::Slices parse_slices(const JsonObject& object, const std::string& kind) {
  if (kind == "all") return ops::Slices::all();
  if (kind == "fixed") {
    const std::int64_t size = object.integer("size_ns");
    return ops::Slices::fixed(size, integer_or(object, "hop_ns", size),
                              integer_or(object, "offset_ns", 0))
        .value_or_throw();
  }
  ops::TimeZone zone = parse_time_zone(object.require("zone"));
  if (kind == "calendar") {
    static const std::vector<std::string> kUnits{"day", "week", "month", "year"};
    const auto unit = static_cast<ops::CalendarUnit>(object.choice("unit", kUnits, 0));
    return ops::Slices::calendar(unit, integer_or(object, "count", 1), std::move(zone))
        .value_or_throw();
  }
  const std::int64_t weekdays = object.integer("weekdays");
  if (weekdays < 0 || weekdays > 127) {
    throw object.wrong("weekdays", "bits of seven days", object.require("weekdays"));
  }
  return ops::Slices::hours(object.integer("open_ns"), object.integer("close_ns"),
                            static_cast<std::uint32_t>(weekdays), std::move(zone))
      .value_or_throw();
}

decltype(ops::WindowArgs::window) parse_kind(const element& json) {
  static const std::vector<std::string> kKinds{"fixed",   "calendar", "hours",   "all",
                                               "session", "count",    "measure", "sliding"};
  const JsonObject object(
      json, "window",
      {"kind", "size_ns", "hop_ns", "offset_ns", "unit", "count", "zone", "open_ns", "close_ns",
       "weekdays", "gap_ns", "rows", "columns", "threshold", "length_ns"});
  (void)object.require("kind");
  const std::string& kind = kKinds[object.choice("kind", kKinds, 0)];
  if (kind == "session") return ops::SessionWindows{object.integer("gap_ns")};
  if (kind == "count") return ops::CountWindows{object.integer("rows")};
  if (kind == "measure") {
    return ops::MeasureWindows{object.texts("columns"), number(object, "threshold")};
  }
  if (kind == "sliding") {
    return ops::SlidingWindows{integer_or(object, "length_ns", 0), integer_or(object, "rows", 0)};
  }
  return parse_slices(object, kind);
}

ops::AggregateCall parse_aggregate(const element& json) {
  const JsonObject object(json, "agg", {"kind", "name", "columns", "params", "outputs"});
  ops::AggregateCall call{.kind = object.text("kind"),
                          .name = object.text("name"),
                          .columns = object.texts("columns"),
                          .params = {},
                          .outputs = {}};
  if (object.find("outputs")) call.outputs = object.texts("outputs");
  for (const element& entry : object.list("params")) {
    double value = 0;
    if (!entry.is_number() || entry.get(value) != simdjson::SUCCESS) {
      throw object.wrong("params", "a list of numbers", object.require("params"));
    }
    call.params.push_back(value);
  }
  return call;
}

}  // namespace

ops::WindowArgs parse_window(const element& json) {
  static const std::vector<std::string> kLate{"count", "side_output", "update"};
  static const std::vector<std::string> kFull{"evict_oldest", "reject", "raise"};
  const JsonObject object(
      json, "window",
      {"op", "group", "window", "aggregates", "grace_ns", "max_skew_ns", "on_late",
       "allowed_lateness_ns", "updates", "max_groups", "on_full", "start", "end"});
  ops::WindowArgs args;
  args.group = object.texts("group");
  args.window = parse_kind(object.require("window"));
  for (const element& entry : object.list("aggregates")) {
    args.aggregates.push_back(parse_aggregate(entry));
  }
  args.grace = integer_or(object, "grace_ns", 0);
  if (object.find("max_skew_ns")) args.max_skew = object.integer("max_skew_ns");
  args.on_late = static_cast<ops::OnLate>(object.choice("on_late", kLate, 0));
  args.allowed_lateness = integer_or(object, "allowed_lateness_ns", 0);
  args.updates = object.truth("updates", false);
  const std::int64_t most = integer_or(object, "max_groups", 0);
  if (most < 0) throw object.wrong("max_groups", "a number above 0", object.require("max_groups"));
  args.max_groups = static_cast<std::size_t>(most);
  args.on_full = static_cast<ops::OnFull>(object.choice("on_full", kFull, 0));
  if (object.find("start")) args.start = object.text("start");
  if (object.find("end")) args.end = object.text("end");
  return args;
}

ops::FillArgs parse_fill(const element& json) {
  const JsonObject object(
      json, "fill", {"op", "window", "end", "carry", "carried", "zeroed", "emptied", "longest_ns"});
  auto window = parse_kind(object.require("window"));
  auto* slices = std::get_if<ops::Slices>(&window);
  if (slices == nullptr) {
    throw object.wrong("window", "one that follows the one before in time",
                       object.require("window"));
  }
  ops::FillArgs args;
  args.slices = std::move(*slices);
  args.end = object.text_if("end").value_or("");
  args.carry = object.text("carry");
  args.carried = object.texts("carried");
  args.zeroed = object.texts("zeroed");
  args.emptied = object.texts("emptied");
  if (object.find("longest_ns")) args.longest = object.integer("longest_ns");
  return args;
}

}  // namespace headrace::pipeline
