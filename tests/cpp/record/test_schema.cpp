#include <headrace/record/schema.hpp>

#include "catch.hpp"

using namespace headrace;
using record::DType;
using record::Field;
using record::Schema;

namespace {
std::vector<Field> bars() {
  return {{.name = "Date", .type = DType::kTimestamp},
          {.name = "Ticker", .type = DType::kString},
          {.name = "Close", .type = DType::kFloat64}};
}
}  // namespace

TEST_CASE("types have a name and a width and are found by name") {
  for (const DType type :
       {DType::kBool, DType::kInt64, DType::kFloat64, DType::kString, DType::kTimestamp}) {
    CHECK(*record::dtype_from_name(name_of(type)) == type);
  }
  CHECK(record::width_of(DType::kBool) == 1);
  CHECK(record::width_of(DType::kString) == 4);
  CHECK_THAT(record::dtype_from_name("flot64").error().message, Catch::Contains("float64"));
}

TEST_CASE("event time and key are checked when the schema is made") {
  const Schema schema(bars(), "Date", "Ticker");
  CHECK(schema.event_time_index() == 0);
  CHECK(schema.key_index() == 1);
  CHECK(schema.fields()[2].path == std::vector<std::string>{"Close"});
  CHECK_THROWS_WITH(Schema(bars(), "date", {}), Catch::Contains("did you mean \"Date\""));
  CHECK_THROWS_WITH(Schema(bars(), "Close", {}), Catch::Contains("must be a timestamp"));
  CHECK_THROWS_WITH(Schema(bars(), {}, "Close"), Catch::Contains("string or int64"));
  auto twice = bars();
  twice.push_back(twice[0]);
  CHECK_THROWS_WITH(Schema(twice), Catch::Contains("named twice"));
}

TEST_CASE("select keeps the roles of the columns that stay") {
  const Schema schema(bars(), "Date", "Ticker");
  const auto picked = schema.select({"Close", "Ticker"});
  REQUIRE(picked);
  CHECK(picked->event_time_index() == -1);
  CHECK(picked->key_index() == 1);
  CHECK_FALSE(schema.select({"Close", "Close"}));
  CHECK(schema.select({"Clse"}).error().code == base::ErrorCode::kUnknownColumn);
  CHECK_FALSE(schema.with({.name = "Close"}));
  CHECK(schema.with({.name = "rsi"})->size() == 4);
}
