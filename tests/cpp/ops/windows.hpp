// Window steps for tests: aggregates in a line, and one step of every kind for the suite of steps.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <headrace/ops/window/window_operator.hpp>

#include "ops/steps.hpp"

namespace headrace::test {

inline ops::AggregateCall call(std::string kind, std::vector<std::string> columns = {},
                               std::vector<double> params = {}) {
  std::string name = kind;
  for (const std::string& column : columns) name += "_" + column;
  return {.kind = std::move(kind),
          .name = std::move(name),
          .columns = std::move(columns),
          .params = std::move(params),
          .outputs = {}};
}

inline ops::Slices slices(std::int64_t size, std::int64_t hop = 0) {
  return ops::Slices::fixed(size, hop == 0 ? size : hop).value_or_throw();
}

inline ops::OperatorPtr window_step(const record::SchemaPtr& schema, ops::WindowArgs args) {
  args.schema = schema;
  return ops::make_window_operator(std::move(args)).value_or_throw();
}

struct WindowStepCase {
  std::string name;
  ops::WindowArgs args;  // without a schema: for that of timed_table
};

// Every kind of window, of late row, of cap and of group cache (key ids, codes, none).
inline std::vector<WindowStepCase> window_step_cases() {
  using ops::OnFull;
  using ops::OnLate;
  std::vector<WindowStepCase> cases;
  const auto add = [&cases](std::string name, decltype(ops::WindowArgs::window) window,
                            std::vector<std::string> group, auto change) {
    ops::WindowArgs args;
    args.window = std::move(window);
    args.group = std::move(group);
    args.aggregates = {call("count"), call("sum", {"y"}), call("last", {"t"}),
                       call("quantile", {"y"}, {0.3}), call("top_k", {"s"}, {2})};
    change(args);
    cases.push_back({std::move(name), std::move(args)});
  };
  add("tumbling", slices(10), {"s"}, [](auto& a) { a.grace = 5; });
  add("hopping with updates", slices(25, 10), {"t", "yes"}, [](auto& a) {
    a.grace = 8;
    a.updates = true;
    a.on_late = OnLate::kSideOutput;
  });
  add("hopping, no multiple of its hop", slices(7, 3), {}, [](auto& a) { a.grace = 11; });
  add("all time", ops::Slices::all(), {"maybe"}, [](auto& a) { a.updates = true; });
  add("late updates", slices(10), {"i"}, [](auto& a) {
    a.on_late = OnLate::kUpdate;
    a.allowed_lateness = 15;
  });
  add("late updates of hopping windows", slices(10, 4), {"t"}, [](auto& a) {
    a.on_late = OnLate::kUpdate;
    a.allowed_lateness = 7;
    a.grace = 3;
  });
  add("session", ops::SessionWindows{5}, {"s"}, [](auto& a) { a.grace = 20; });
  add("session with updates", ops::SessionWindows{8}, {"then"}, [](auto& a) {
    a.updates = true;
    a.on_late = OnLate::kSideOutput;
  });
  add("count", ops::CountWindows{7}, {"maybe"}, [](auto&) {});
  add("measure", ops::MeasureWindows{{"x", "yes"}, 5}, {"s"}, [](auto& a) { a.updates = true; });
  add("sliding by time", ops::SlidingWindows{12, 0}, {"t"}, [](auto& a) {
    a.on_late = OnLate::kSideOutput;
    a.end = "";
  });
  add("sliding by rows", ops::SlidingWindows{0, 5}, {"y", "yes"}, [](auto&) {});
  add("too many groups, evicted", slices(10), {"i"}, [](auto& a) {
    a.max_groups = 3;
    a.grace = 30;
  });
  add("too many groups of sessions, rejected", ops::SessionWindows{4}, {"s"}, [](auto& a) {
    a.max_groups = 4;
    a.on_full = OnFull::kReject;
  });
  add("too many sliding groups, evicted", ops::SlidingWindows{30, 0}, {"t", "maybe"},
      [](auto& a) { a.max_groups = 5; });
  add("too many counted groups, evicted", ops::CountWindows{4}, {"j"},
      [](auto& a) { a.max_groups = 2; });
  add("skew", slices(10), {"yes"}, [](auto& a) { a.max_skew = 20; });
  return cases;
}

}  // namespace headrace::test
