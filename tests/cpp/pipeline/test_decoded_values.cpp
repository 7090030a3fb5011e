#include <headrace/pipeline/decoded_values.hpp>

#include "catch.hpp"
#include "support/table.hpp"

using namespace headrace;
using test::Cell;

namespace {

pipeline::Plan plan_of(const std::string& format) {
  return pipeline::Plan::parse(R"({"version": 1, "format": ")" + format + R"(", "steps": [],
      "schema": {"fields": [{"name": "x", "type": "int64"},
                            {"name": "s", "type": "string", "nullable": true}]}})")
      .value_or_throw();
}

}  // namespace

TEST_CASE("values are columns again, and those that do not fit are left out") {
  const auto read = pipeline::decoded_values(
      plan_of("json"), {R"({"x": 1, "s": "a"})", "oops", R"({"s": "a"})", R"({"x": 3})"});
  CHECK(read.rows == std::vector<std::size_t>{0, 3});
  REQUIRE(read.frame.rows == 2);
  CHECK(test::cell_of(read.frame.columns[0], 1) == Cell(std::int64_t{3}));
  CHECK(test::cell_of(read.frame.columns[1], 0) == Cell("a"));
  CHECK(test::cell_of(read.frame.columns[1], 1) == Cell(std::nullopt));
}

TEST_CASE("a time that is made of other columns is there, and what has none is left out") {
  const pipeline::Plan plan = pipeline::Plan::parse(R"({"version": 1, "format": "csv",
          "schema": {"fields": [{"name": "day", "type": "timestamp"},
                                {"name": "clock", "type": "int64"}]},
          "steps": [{"op": "compose_time", "name": "at", "at": 0, "date": "day", "year": null,
                     "month": null, "day": null, "clock": "clock", "zone": null,
                     "nullable": false, "event_time": true}]})")
                                  .value_or_throw();
  const auto read = pipeline::decoded_values(plan, {"1970-01-01,99", "oops", "1970-01-01,1"});
  CHECK(read.rows == std::vector<std::size_t>{2});
  REQUIRE(read.frame.rows == 1);
  CHECK(test::cell_of(read.frame.columns[0], 0) == Cell(std::int64_t{60'000'000'000}));
}

TEST_CASE("values are read in the format of the plan") {
  CHECK(pipeline::decoded_values(plan_of("csv"), {"7,b", "7"}).rows == std::vector<std::size_t>{0});
  CHECK(pipeline::decoded_values(plan_of("json"), {}).frame.rows == 0);
}
