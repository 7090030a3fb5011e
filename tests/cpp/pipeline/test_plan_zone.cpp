#include <headrace/pipeline/plan_zone.hpp>

#include "catch.hpp"

using namespace headrace;

namespace {

ops::TimeZone parse(std::string_view json) {
  simdjson::dom::parser parser;
  return pipeline::parse_time_zone(parser.parse(json.data(), json.size()).value());
}

std::string refusal(std::string_view json) {
  try {
    (void)parse(json);
  } catch (const base::Exception& refused) {
    return refused.error().message;
  }
  return "taken";
}

}  // namespace

TEST_CASE("a zone is its name and its transitions") {
  const ops::TimeZone zone = parse(
      R"({"name": "Asia/Dubai", "transitions": [[-2208988800, 13272], [-1577936472, 14400]]})");
  CHECK(zone.name() == "Asia/Dubai");
  REQUIRE(zone.transitions().size() == 2);
  CHECK(zone.transitions()[1] == ops::TimeZone::Transition{-1'577'936'472, 14'400});
}

TEST_CASE("what is no zone is refused with what was received") {
  CHECK(refusal("5") == "time zone: expected an object, got 5");
  CHECK(refusal(R"({"name": "x"})") == "time zone: \"transitions\" is missing");
  const std::string expected =
      "time zone: \"transitions\": expected pairs [seconds since 1970, offset in seconds], got ";
  for (const std::string pair : {"[1]", "[1,2,3]", "[1,0.5]", "7"}) {
    CHECK(refusal(R"({"name": "x", "transitions": [)" + pair + "]}") == expected + pair);
  }
  CHECK(refusal(R"({"name": "x", "transitions": [[5, 0], [4, 0]]})").find("ascend") !=
        std::string::npos);
}
