#include <headrace/pipeline/plan_zone.hpp>

#include <string>
#include <utility>
#include <vector>

namespace headrace::pipeline {

using simdjson::dom::element;

ops::TimeZone parse_time_zone(const element& json) {
  const JsonObject object(json, "time zone", {"name", "transitions"});
  std::vector<ops::TimeZone::Transition> transitions;
  for (const element& entry : object.list("transitions")) {
    simdjson::dom::array pair;
    ops::TimeZone::Transition transition{};
    if (entry.get(pair) != simdjson::SUCCESS || pair.size() != 2 ||
        pair.at(0).get(transition.utc_seconds) != simdjson::SUCCESS ||
        pair.at(1).get(transition.offset_seconds) != simdjson::SUCCESS) {
      throw object.wrong("transitions", "pairs [seconds since 1970, offset in seconds]", entry);
    }
    transitions.push_back(transition);
  }
  return ops::TimeZone::make(object.text("name"), std::move(transitions)).value_or_throw();
}

}  // namespace headrace::pipeline
