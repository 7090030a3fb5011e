#include <headrace/decode/json_row.hpp>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using namespace headrace::decode;
using record::DType;
using record::TimeUnit;
using test::schema_of;

namespace {

// Reads one record; the row, or the reason and the words.
struct Reader {
  explicit Reader(record::SchemaPtr schema) : careful(schema), builder(schema, 4) {}
  JsonRowReader careful;
  BatchBuilder builder;

  std::string operator()(std::string_view text) {
    const test::Exact exact(text);
    const auto bad = careful.read(exact.view(), builder);
    if (bad) return std::string(info(bad->reason).name) + ": " + bad->detail;
    return test::take_row(builder);
  }
};

record::SchemaPtr two_columns() {
  return schema_of({{.name = "x", .type = DType::kFloat64},
                    {.name = "s", .type = DType::kString, .nullable = true}});
}

}  // namespace

TEST_CASE("a bar is a row") {
  Reader read(test::bar_schema());
  CHECK(read(test::kBar) ==
        "1704187800000000000 \"AAPL\" 0x1.764cccccccccdp+7 0x1.78e147ae147aep+7 "
        "0x1.6fc7ae147ae14p+7 0x1.7347ae147ae14p+7 0x1.7175c28f5c28fp+7 82488700");
}

TEST_CASE("order is free, unknown fields are ignored, absent nullable fields are null") {
  Reader read(two_columns());
  CHECK(read(R"({"s":"a","x":1})") == "0x1p+0 \"a\"");
  CHECK(read(R"({"x":1})") == "0x1p+0 null");
  CHECK(read(R"({"x":1,"s":null})") == "0x1p+0 null");
  CHECK(read(R"({"z":{"x":5},"x":1,"y":[1,{"s":2}],"s":"\u00e9"})") == "0x1p+0 \"\xC3\xA9\"");
  CHECK(read(R"({"\u0078":1})") == "0x1p+0 null");
}

TEST_CASE("each fault has its reason and its words") {
  Reader read(two_columns());
  CHECK(read("") == "empty: the value has no bytes");
  CHECK(read("[1]") == "not_object: expected an object, got [1]");
  CHECK(read("17") == "not_object: expected an object, got 17");
  CHECK(read("{}") == "missing_field: field \"x\": missing");
  CHECK(read(R"({"s":"a"})") == "missing_field: field \"x\": missing");
  CHECK(read(R"({"x":null})") == "null: field \"x\": null, but the column is not nullable");
  CHECK(read(R"({"x":"n/a"})") == "wrong_type: field \"x\": expected number, got \"n/a\"");
  CHECK(read(R"({"x":true})") == "wrong_type: field \"x\": expected number, got true");
  CHECK(read(R"({"x":[1]})") == "wrong_type: field \"x\": expected number, got an array");
  CHECK(read(R"({"x":{}})") == "wrong_type: field \"x\": expected number, got an object");
  CHECK(read(R"({"x":1,"s":5})") == "wrong_type: field \"s\": expected string, got 5");
  CHECK(read(R"({"x":1e999})") == "number_range: field \"x\": 1e999 does not fit float64");
  CHECK(read(R"({"x":NaN})") == "non_finite: field \"x\": NaN is not a finite number");
  CHECK(read(R"({"x":1,"other":-Infinity})") ==
        "non_finite: field \"other\": -Infinity is not a finite number");
  CHECK(read(R"({"x":1,"x":2})") == "duplicate_key: key \"x\" appears twice");
  CHECK(read(R"({"x":1,"q":{"a":1,"a":2}})") == "duplicate_key: key \"a\" appears twice");
}

TEST_CASE("numbers beyond any column are well-formed where nobody asks for them") {
  Reader read(two_columns());
  CHECK(read(R"({"x":1,"big":123456789012345678901234567890,"e":1e999})") == "0x1p+0 null");
  CHECK(read(R"({"x":12345678901234567890})") == "0x1.56a95319d63e1p+63 null");
}

TEST_CASE("what is malformed anywhere comes first, then keys, then fields as they stand") {
  Reader read(two_columns());
  CHECK(read(R"({"x":"bad","s":tru})").starts_with("invalid_json"));
  CHECK(read(R"({"x":"bad"} ?)").starts_with("invalid_json"));
  CHECK(read("{\"x\":\"bad\",\"z\":\"\xFF\"}").starts_with("utf8"));
  CHECK(read(R"({"x":"bad","x":1})").starts_with("duplicate_key"));
  CHECK(read(R"({"s":5,"x":"bad"})").starts_with("wrong_type: field \"s\""));
  CHECK(read(R"({"s":5})").starts_with("wrong_type: field \"s\""));
}

TEST_CASE("paths reach into objects") {
  Reader read(schema_of(
      {{.name = "close", .type = DType::kFloat64, .path = {"quote", "close"}},
       {.name = "open", .type = DType::kFloat64, .nullable = true, .path = {"quote", "o", "pen"}},
       {.name = "close2", .type = DType::kFloat64, .nullable = true, .path = {"close"}}}));
  CHECK(read(R"({"quote":{"o":{"pen":2},"close":1},"close":3})") == "0x1p+0 0x1p+1 0x1.8p+1");
  CHECK(read(R"({"quote":{"close":1}})") == "0x1p+0 null null");
  CHECK(read(R"({"quote":{"close":1,"o":null}})") == "0x1p+0 null null");
  CHECK(read(R"({"quote":{"close":1,"o":{}}})") == "0x1p+0 null null");
  CHECK(read(R"({"quote":null})") == "missing_field: field \"close\": missing");
  CHECK(read(R"({"close":1})") == "missing_field: field \"close\": missing");
  CHECK(read(R"({"quote":5})") ==
        "wrong_type: field \"close\": expected an object at \"quote\", got 5");
  CHECK(read(R"({"quote":[{"close":1}]})") ==
        "wrong_type: field \"close\": expected an object at \"quote\", got an array");
  CHECK(read(R"({"quote":{"close":1,"o":"x"}})") ==
        "wrong_type: field \"open\": expected an object at \"quote.o\", got \"x\"");
  CHECK(read(R"({"a":[{"quote":{"close":7}}],"quote":{"close":1}})") == "0x1p+0 null null");
}

TEST_CASE("timestamps of every kind") {
  Reader read(schema_of({{.name = "t", .type = DType::kTimestamp},
                         {.name = "u", .type = DType::kTimestamp, .unit = TimeUnit::kSecond}}));
  CHECK(read(R"({"t":"1970-01-01T00:00:01Z","u":1.5})") == "1000000000 1500000000");
  CHECK(read(R"({"t":"1970-01-01","u":"1970-01-01T00:00:01+00:00"})") == "0 1000000000");
  CHECK(read(R"({"t":"1970\u002d01-01","u":0})") == "0 0");
  CHECK(read(R"({"t":5,"u":1})") == "wrong_type: field \"t\": expected ISO 8601 timestamp, got 5");
  CHECK(read(R"({"t":"soon","u":1})") ==
        "time_format: field \"t\": expected ISO 8601 timestamp, got \"soon\"");
  CHECK(read(R"({"t":"1500-01-01","u":1})").starts_with("time_range"));
}

TEST_CASE("a rejected record leaves no text in the dictionary") {
  const auto schema = two_columns();
  Reader read(schema);
  CHECK(read(R"({"s":"gone","x":"bad"})").starts_with("wrong_type"));
  REQUIRE_FALSE(read.careful.read(R"({"x":1,"s":"kept"})", read.builder));
  read.builder.commit(0);
  CHECK(read.builder.finish().column(1).dictionary->size() == 1);
}

TEST_CASE("two columns cannot read the same place") {
  CHECK_THROWS_AS(JsonRowReader(schema_of({{.name = "a", .path = {"x"}}, {.name = "x"}})),
                  base::Exception);
}

TEST_CASE("slots are the scalars in the order of the text") {
  Reader read(two_columns());
  const std::string text = R"({"z":[1,"b"],"x":2})";
  REQUIRE_FALSE(read.careful.read(text, read.builder));
  const auto slots = read.careful.slots();
  REQUIRE(slots.size() == 3);
  CHECK(slots[0].column == -1);
  CHECK(slots[2].column == 0);
  CHECK(text.substr(slots[1].begin, slots[1].end - slots[1].begin) == "\"b\"");
}
