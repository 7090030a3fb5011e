#include <headrace/pipeline/plan_schema.hpp>

#include "catch.hpp"

using namespace headrace;
using pipeline::parse_schema;

namespace {

std::string refusal(const std::string& json) {
  try {
    (void)parse_schema(json);
  } catch (const base::Exception& exception) {
    return exception.what();
  }
  return "no error";
}

std::string field(const std::string& rest) {
  return R"({"fields": [{"name": "a", )" + rest + "}]}";
}

}  // namespace

TEST_CASE("every property of a field is read") {
  const record::Schema schema = parse_schema(
      R"({"fields": [{"name": "at", "type": "timestamp", "unit": "us", "path": ["meta", "at"]},
                     {"name": "k", "type": "int64", "nullable": false},
                     {"name": "x", "type": "float64", "nullable": true, "unit": "auto"}],
          "event_time": "at", "key": "k"})");
  REQUIRE(schema.size() == 3);
  CHECK(schema.fields()[0].unit == record::TimeUnit::kMicrosecond);
  CHECK(schema.fields()[0].path == std::vector<std::string>{"meta", "at"});
  CHECK(schema.fields()[1].path == std::vector<std::string>{"k"});
  CHECK_FALSE(schema.fields()[1].nullable);
  CHECK(schema.fields()[2].nullable);
  CHECK(schema.event_time_index() == 0);
  CHECK(schema.key_index() == 1);
  CHECK(parse_schema(field(R"("type": "bool")")).key_index() == -1);
}

TEST_CASE("a list has items") {
  const record::Schema schema = parse_schema(
      R"({"fields": [{"name": "o", "type": "list", "nullable": true, "items": [
                        {"name": "label", "type": "string"},
                        {"name": "at", "type": "timestamp", "unit": "ms", "path": ["t", "at"]}]},
                     {"name": "t", "type": "list", "items": [{"name": "", "type": "bool"}]}]})");
  REQUIRE(schema.fields()[0].items.size() == 2);
  CHECK(schema.fields()[0].type == record::DType::kString);
  CHECK(schema.fields()[0].nullable);
  CHECK(schema.fields()[0].items[1].unit == record::TimeUnit::kMillisecond);
  CHECK(schema.fields()[0].items[1].path == std::vector<std::string>{"t", "at"});
  CHECK(schema.fields()[1].items[0].type == record::DType::kBool);
  CHECK(refusal(field(R"("type": "list", "items": [])")) ==
        R"(schema: column "a": items: expected one field without a name, or fields with names)");
  CHECK(refusal(field(R"("type": "list", "items": [{"name": "", "type": "list"}])")) ==
        R"(schema: column "a": a list in a list is not supported)");
  CHECK(refusal(R"({"fields": [{"name": "a", "type": "list",
                                "items": [{"name": "", "type": "bool"}]}], "key": "a"})") ==
        R"(key: column "a" must be a string or int64 that is not nullable, got list)");
}

TEST_CASE("schemas that cannot be are refused") {
  CHECK(refusal(R"({"fields": []})") == "schema: expected at least one column");
  CHECK(refusal(field(R"("type": "float")")).starts_with(R"(schema: column "a": no type "float")"));
  CHECK(refusal(field(R"("type": "timestamp", "unit": "minutes")")).find("auto, s, ms, us, ns") !=
        std::string::npos);
  CHECK(refusal(field(R"("type": "int64", "unit": "ms")")) ==
        R"(schema: column "a": only a timestamp has a unit)");
  CHECK(refusal(field(R"("type": "int64", "path": ["x", ""])")) ==
        R"(schema: column "a": a path has no empty keys)");
  CHECK(refusal(field(R"("type": "int64", "null": true)")).find(R"(no key "null")") !=
        std::string::npos);
  CHECK(refusal(R"({"fields": [{"name": "", "type": "bool"}]})") ==
        "schema: a column needs a name");
  CHECK(refusal("{") == "schema: not JSON");
}
