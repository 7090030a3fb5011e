#include <headrace/decode/json_list.hpp>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using namespace headrace::decode;
using record::DType;
using record::Field;

namespace {

Field objects() {
  return {
      .name = "objects",
      .type = DType::kString,
      .items = {{.name = "label", .type = DType::kString},
                {.name = "confidence", .type = DType::kFloat64, .nullable = true},
                {.name = "box.x", .type = DType::kInt64, .nullable = true, .path = {"box", "x"}}}};
}

Field scalars(DType type, bool nullable = false) {
  return {.name = "tags",
          .type = DType::kString,
          .items = {{.name = "", .type = type, .nullable = nullable}}};
}

// The elements as rows, or what is wrong; check() must say the same.
std::string rows_of(const Field& list, std::string_view text) {
  const test::Exact exact(text);
  JsonListReader reader(list);
  BatchBuilder builder(reader.row_schema(), 1);
  const auto checked = reader.check(exact.view());
  const auto bad = reader.read(exact.view(), builder);
  REQUIRE(checked.has_value() == bad.has_value());
  if (bad) {
    CHECK(checked->detail == bad->detail);
    CHECK(checked->reason == bad->reason);
    CHECK(bad->field == list.name);
    return std::string(info(bad->reason).name) + ": " + bad->detail;
  }
  const record::RecordBatch batch = builder.finish();
  std::string all;
  for (std::size_t i = 0; i < batch.rows(); ++i) all += test::shown(batch, i) + "; ";
  return all;
}

}  // namespace

TEST_CASE("each object of a list is a row of its fields") {
  CHECK(rows_of(objects(), R"([{"label":"car","confidence":0.5,"box":{"x":3,"y":4}},)"
                           R"( {"label":"b\u00e9","id":[1,{"label":2}]} ])") ==
        "\"car\" 0x1p-1 3; \"b\xC3\xA9\" null null; ");
  CHECK(rows_of(objects(), "[]").empty());
  CHECK(rows_of(objects(), " [ ] ").empty());
}

TEST_CASE("each scalar of a list is a row") {
  CHECK(rows_of(scalars(DType::kInt64), "[1, -2 ,3]") == "1; -2; 3; ");
  CHECK(rows_of(scalars(DType::kBool), "[true,false]") == "true; false; ");
  CHECK(rows_of(scalars(DType::kString), R"(["a","\n","a long text of more than a word","a"])") ==
        "\"a\"; \"\n\"; \"a long text of more than a word\"; \"a\"; ");
  CHECK(rows_of(scalars(DType::kTimestamp), R"(["1970-01-01T00:00:01Z"])") == "1000000000; ");
  CHECK(rows_of(scalars(DType::kFloat64, true), "[null,0.5]") == "null; 0x1p-1; ");
}

TEST_CASE("the columns of an element are named after the list") {
  CHECK(JsonListReader(scalars(DType::kInt64)).row_schema()->fields()[0].name == "tags");
  const JsonListReader reader(objects());
  CHECK(reader.row_schema()->fields()[0].name == "objects.label");
  CHECK(reader.row_schema()->fields()[2].name == "objects.box.x");
  CHECK(reader.row_schema()->fields()[1].nullable);
}

TEST_CASE("what is wrong with an element says which one it is") {
  CHECK(rows_of(objects(), R"([{"label":"a"},{"label":5}])") ==
        R"(wrong_type: field "objects[1].label": expected string, got 5)");
  CHECK(rows_of(objects(), R"([{"confidence":1}])") ==
        R"(missing_field: field "objects[0].label": missing)");
  CHECK(rows_of(objects(), R"([{"label":null}])") ==
        R"(null: field "objects[0].label": null, but the column is not nullable)");
  CHECK(rows_of(objects(), R"([{"label":"a"},7])") ==
        R"(wrong_type: field "objects[1]": expected an object, got 7)");
  CHECK(rows_of(objects(), R"([[{"label":"a"}]])") ==
        R"(wrong_type: field "objects[0]": expected an object, got [{"label":"a"}])");
  CHECK(rows_of(objects(), R"([{"label":"a","box":[1]}])") ==
        R"(wrong_type: field "objects[0].box.x": expected an object at "box", got an array)");
  CHECK(rows_of(objects(), R"([{"label":"a","n":NaN}])") ==
        R"(non_finite: field "objects[0]": field "n": NaN is not a finite number)");
  CHECK(rows_of(scalars(DType::kInt64), R"([1,"2"])") ==
        R"(wrong_type: field "tags[1]": expected integer, got "2")");
  CHECK(rows_of(scalars(DType::kInt64), "[null]") ==
        R"(null: field "tags[0]": null, but the column is not nullable)");
  CHECK(rows_of(scalars(DType::kInt64), "[[1]]") ==
        R"(wrong_type: field "tags[0]": expected integer, got [1])");
  CHECK(rows_of(scalars(DType::kInt64), "[1e99]") ==
        R"(wrong_type: field "tags[0]": expected integer, got 1e99)");
}

TEST_CASE("a text of its own must be a list") {
  CHECK(rows_of(objects(), "{}") == R"(wrong_type: field "objects": expected list, got {})");
  CHECK(rows_of(objects(), "[1").starts_with(R"(invalid_json: field "objects": invalid JSON)"));
  CHECK(rows_of(objects(), "").starts_with(R"(empty: field "objects": )"));
  CHECK(rows_of(objects(), R"([{"label":"a","label":"b"}])") ==
        R"(duplicate_key: field "objects": key "label" appears twice)");
}
