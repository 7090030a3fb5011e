#include <headrace/decode/decoder.hpp>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using namespace headrace::decode;

TEST_CASE("decoders are made by the name of the format") {
  const auto schema = test::bar_schema();
  BatchBuilder builder(schema, 4);
  auto json = make_decoder("json", schema);
  REQUIRE(json);
  CHECK_FALSE((*json)->append(test::kBar, builder));
  const std::string row = test::take_row(builder);
  auto csv = make_decoder("csv", schema);
  REQUIRE(csv);
  CHECK_FALSE((*csv)->append(
      "2024-01-02T09:30:00.000Z,AAPL,187.15,188.44,183.89,185.64,184.73,82488700", builder));
  CHECK(test::take_row(builder) == row);
}

TEST_CASE("an unknown format, and a schema that a decoder cannot serve, are errors") {
  const auto schema = test::bar_schema();
  const auto unknown = make_decoder("jsn", schema);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == base::ErrorCode::kInvalidArgument);
  CHECK(unknown.error().message == "no format \"jsn\"; did you mean \"json\"? formats: json, csv");
  const auto twice = make_decoder(
      "json", test::schema_of({{.name = "a", .path = {"x"}}, {.name = "b", .path = {"x"}}}));
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == base::ErrorCode::kSchema);
  CHECK(twice.error().message == "columns \"a\" and \"b\" both read \"x\"");
  const auto missing = make_decoder("csv", schema, {.csv_columns = {"Date"}});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == base::ErrorCode::kUnknownColumn);
}
