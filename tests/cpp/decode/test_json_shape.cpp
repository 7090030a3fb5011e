#include <headrace/decode/json_shape.hpp>

#include <string>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using namespace headrace::decode;

namespace {

record::SchemaPtr schema() {
  return test::schema_of({{.name = "x"},
                          {.name = "n", .type = record::DType::kInt64, .nullable = true},
                          {.name = "y", .nullable = true}});
}

std::optional<JsonShape> learn(std::string_view text) {
  JsonRowReader reader(schema());
  BatchBuilder builder(schema(), 4);
  REQUIRE_FALSE(reader.read(text, builder));
  return JsonShape::learn(reader, *schema());
}

// What a shape finds at the beginning of a text: enough zeros stand behind it.
std::string found_at(JsonShape& shape, const std::string& text, const JsonStep& expected,
                     const JsonStep* previous) {
  const std::string padded = text + std::string(64, '\0');
  const JsonStep* step = shape.find(padded.data(), padded.data() + text.size(), expected, previous);
  return step == nullptr ? "nothing" : std::string(shape.literal(*step));
}

std::string chain(const JsonShape& shape) {
  std::string text;
  for (const JsonStep* step = shape.first(); step != nullptr; step = step->next) {
    text += std::string(shape.literal(*step)) + "~";
  }
  return text;
}

}  // namespace

TEST_CASE("a shape is what stands between the values, in order") {
  const auto flat = learn(R"({"x":1,"n":2,"u":"a"})");
  CHECK(chain(*flat) == R"({"x":~,"n":~,"u":~}~)");
  CHECK(flat->first()->kind == StepKind::kFloat64);
  CHECK(flat->first()->next->kind == StepKind::kInt64);
  CHECK(flat->first()->next->next->kind == StepKind::kSkip);
  CHECK(flat->required() == 1);
  CHECK(flat->all() == 7);
  CHECK_FALSE(flat->feeds_all());
  CHECK(chain(*learn(R"( { "q":{"a":[1 ,{}]}, "x" : 2 } )")) ==
        R"( { "q":{"a":[~ ,{}]}, "x" : ~ } ~)");
}

TEST_CASE("texts without values, with too many or with long literals have no shape") {
  JsonRowReader reader(test::schema_of({{.name = "x", .nullable = true}}));
  BatchBuilder builder(test::schema_of({{.name = "x", .nullable = true}}), 4);
  const auto learnable = [&](const std::string& text) {
    REQUIRE_FALSE(reader.read(text, builder));
    builder.abandon();
    return JsonShape::learn(reader, *schema()).has_value();
  };
  CHECK_FALSE(learnable("{}"));
  CHECK(learnable("{\"x\":1}"));
  CHECK_FALSE(learnable("{\"x\":1" + std::string(5000, ' ') + "}"));
  std::string array = "{\"a\":[0";
  for (int i = 1; i < 64; ++i) array += ",0";
  CHECK(learnable(array + "]}"));
  CHECK_FALSE(learnable(array + ",0]}"));
}

TEST_CASE("a flat shape finds its keys in any order and remembers it") {
  auto shape = learn(R"({"x":1,"n":2,"y":3})");
  const JsonStep* x = shape->first();
  const JsonStep& n = *x->next;
  CHECK(found_at(*shape, R"(,"y":3,"n":2})", n, x) == R"(,"y":)");
  CHECK(shape->literal(*x->next) == R"(,"y":)");
  CHECK(found_at(*shape, R"({"n":2,"x":1})", *x, nullptr) == R"({"n":)");
  CHECK(shape->literal(*shape->first()) == R"({"n":)");
  CHECK(found_at(*shape, R"(,"y":3})", n, x) == R"(,"y":)");
  CHECK(found_at(*shape, "}", n, x) == "}");
  CHECK(shape->literal(*x->next) == "}");
  CHECK(found_at(*shape, R"(,"z":3,"n":2})", n, x) == "nothing");
  CHECK(found_at(*shape, R"(, "y":3})", n, x) == "nothing");
  CHECK(found_at(*shape, R"(,"y)", n, x) == "nothing");
  CHECK(found_at(*shape, "} ", n, x) == "nothing");
  CHECK(found_at(*shape, "", n, x) == "nothing");
  CHECK(found_at(*shape, "}", *x, nullptr) == "nothing");
}

TEST_CASE("a nested shape knows no order but its own") {
  auto shape = learn(R"({"q":{"a":1},"x":2,"n":3})");
  const JsonStep* first = shape->first();
  CHECK(found_at(*shape, R"(,"n":3})", *first->next, first) == "nothing");
  CHECK(found_at(*shape, "}", *first->next, first) == "nothing");
}

TEST_CASE("long literals are compared to their end") {
  auto shape = learn(R"({"x":1,"a_key_beyond_sixteen_bytes":2})");
  const JsonStep* x = shape->first();
  const std::string key = R"(,"a_key_beyond_sixteen_bytes":)";
  CHECK_FALSE(x->next->matches((key + "2}" + std::string(16, '\0')).data()));
  CHECK(found_at(*shape, key + "2}", *x->next, x) == key);
  CHECK(found_at(*shape, R"(,"a_key_beyond_sixteen_bytez":2})", *x->next, x) == "nothing");
  CHECK(found_at(*shape, key.substr(0, key.size() - 1), *x->next, x) == "nothing");
}

TEST_CASE("flat shapes with the same blanks become one, others do not") {
  auto shape = learn(R"({"x":1,"n":2})");
  CHECK(shape->absorb(*learn(R"({"u":0,"x":1,"y":3})")));
  CHECK(chain(*shape) == R"({"u":~,"x":~,"y":~}~)");
  CHECK(shape->feeds_all());
  CHECK(found_at(*shape, R"(,"n":2})", *shape->first()->next, shape->first()) == R"(,"n":)");
  CHECK_FALSE(shape->absorb(*learn(R"({"x": 1, "n": 2})")));
  CHECK_FALSE(shape->absorb(*learn("{\"x\":1,\"n\":2}\n")));
  CHECK_FALSE(shape->absorb(*learn(R"({"x":1,"q":[2]})")));
  auto nested = learn(R"({"x":1,"q":[2]})");
  CHECK(nested->absorb(*learn(R"({"x":7,"q":[null]})")));
  CHECK_FALSE(nested->absorb(*learn(R"({"x":7,"q":[1,2]})")));
}

TEST_CASE("keys with escapes are never taken out of order: another spelling could be their twin") {
  auto shape = learn(R"({"x":1,"\u006e":2,"y":3})");
  const JsonStep* x = shape->first();
  CHECK(found_at(*shape, R"(,"y":3})", *x->next, x) == "nothing");
  CHECK_FALSE(shape->absorb(*learn(R"({"x":1,"n":2})")));
}

TEST_CASE("columns that are left out are named") {
  auto shape = learn(R"({"x":1,"n":2})");
  std::vector<std::size_t> columns;
  shape->absent_columns(shape->all(), columns);
  CHECK(columns == std::vector<std::size_t>{2});
  shape->absent_columns(1, columns);
  CHECK(columns == std::vector<std::size_t>{2, 1});
}
