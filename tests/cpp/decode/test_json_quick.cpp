#include <headrace/decode/json_quick.hpp>

#include <string>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using namespace headrace::decode;
using record::DType;

namespace {

record::SchemaPtr schema() {
  return test::schema_of({{.name = "t", .type = DType::kTimestamp},
                          {.name = "k", .type = DType::kString},
                          {.name = "x"},
                          {.name = "n", .type = DType::kInt64},
                          {.name = "b", .type = DType::kBool, .nullable = true},
                          {.name = "y", .nullable = true}},
                         "t", "k");
}

// A quick reader that has learnt from some records.
struct Taught {
  explicit Taught(std::initializer_list<std::string_view> lessons) {
    for (const std::string_view lesson : lessons) teach(lesson);
  }
  void teach(std::string_view lesson) {
    REQUIRE_FALSE(careful.read(lesson, builder));
    quick.learn(careful);
    builder.abandon();
  }
  // The row that the quick reader makes of a text, or "careful".
  std::string operator()(std::string_view text) {
    const test::Exact exact(text);
    return quick.read(exact.view(), builder) ? test::take_row(builder) : "careful";
  }
  std::string expected(std::string_view text) {
    const auto bad = careful.read(text, builder);
    return bad ? bad->detail : test::take_row(builder);
  }
  QuickReader quick{schema()};
  JsonRowReader careful{schema()};
  BatchBuilder builder{schema(), 4};
};

constexpr std::string_view kLesson =
    R"({"t":"2024-01-02T09:30:00.000Z","k":"AAPL","x":187.15,"n":82488700,"b":true,"y":-0.5})";

}  // namespace

TEST_CASE("before its first lesson it knows nothing") {
  Taught read{};
  CHECK(read(kLesson) == "careful");
  CHECK(read("") == "careful");
}

TEST_CASE("usual values of a known shape are read as the careful reader reads them") {
  Taught read{kLesson};
  for (
      const char* text :
      {R"({"t":"2024-01-02T09:30:00.000Z","k":"AAPL","x":187.15,"n":82488700,"b":true,"y":-0.5})",
       R"({"t":"2024-01-02T09:31:59.999Z","k":"","x":-1e-3,"n":-1,"b":false,"y":0})",
       R"({"t":"2024-01-02","k":"12345678","x":0.30000000000000004,"n":0,"b":null,"y":null})",
       R"({"t":"2024-01-02 09:30+01:00","k":"longer than eight bytes","x":5,"n":9223372036854775807,"b":true,"y":1E5})",
       R"({"t":"1999-12-31T23:59:59.123456789Z","k":"\u00e9\\\"","x":123456789012345678901234567890,"n":7,"b":true,"y":1})",
       "{\"t\":\"2024-01-02\",\"k\":\"\xC3\xA9\xF0\x9F\x98\x80\",\"x\":5,\"n\":1,\"b\":true,\"y\":"
       "1}"}) {
    INFO(text);
    CHECK(read(text) == read.expected(text));
  }
}

TEST_CASE("any order, and nullable fields left out") {
  Taught read{kLesson};
  for (const char* text : {R"({"y":1,"b":true,"n":1,"x":2,"k":"a","t":"2024-01-02"})",
                           R"({"x":2,"k":"a","t":"2024-01-02","n":1})",
                           R"({"n":1,"t":"2024-01-02","y":null,"k":"a","x":2})"}) {
    INFO(text);
    CHECK(read(text) == read.expected(text));
    CHECK(read(text) == read.expected(text));
  }
}

TEST_CASE("records that are not good are left to the careful reader, whatever is wrong") {
  Taught read{kLesson};
  const std::string good(kLesson);
  const auto with = [&](const std::string& part, const std::string& other) {
    std::string text = good;
    text.replace(text.find(part), part.size(), other);
    return text;
  };
  for (const auto& text : {with("187.15", "\"n/a\""),
                           with("187.15", "187.15.1"),
                           with("187.15", "0187.15"),
                           with("187.15", "1e400"),
                           with("187.15", "NaN"),
                           with("187.15", "null"),
                           with("82488700", "82488700.0"),
                           with("82488700", "9223372036854775808"),
                           with("\"AAPL\"", "5"),
                           with("\"AAPL\"", "\"A\\q\""),
                           with("\"AAPL\"", "\"\\ud800\""),
                           with("\"AAPL\"", "\"\xC3\""),
                           with("\"AAPL\"", "\"A\nB\""),
                           with("\"AAPL\"", "null"),
                           with("2024-01-02", "2024-02-30"),
                           with("true", "True"),
                           with("true", "1"),
                           with("\"y\":-0.5", "\"x\":-0.5"),
                           with("}", "} x"),
                           with("}", "}}"),
                           with("}", ",}"),
                           with("\"n\"", "\"m\""),
                           with(",\"n\":82488700", "")}) {
    INFO(text);
    CHECK(read(text) == "careful");
    CHECK(read(kLesson) == read.expected(kLesson));
  }
  CHECK(read("}") == "careful");
  CHECK(read("{}") == "careful");
}

TEST_CASE("a record cut at any byte is not read, nor anything behind it") {
  Taught read{kLesson, R"({"t":"2024-01-02","k":"a","x":1,"n":0})"};
  for (std::size_t size = 0; size < kLesson.size(); ++size) {
    INFO(size);
    CHECK(read(kLesson.substr(0, size)) == "careful");
  }
}

TEST_CASE("records of every length around the tail are read") {
  Taught read{R"({"k":"a","x":1,"n":0,"t":"2024-01-02"})"};
  for (std::size_t length = 0; length < 120; ++length) {
    const std::string text =
        R"({"k":")" + std::string(length, 'k') + R"(","x":1.25,"n":-3,"t":"2024-01-02"})";
    REQUIRE(read(text) == read.expected(text));
  }
}

TEST_CASE("several kinds of records at a time, nested ones too") {
  Taught read{kLesson, R"({"q":{"a":[1,"b"]},"t":"2024-01-02","k":"a","x":1,"n":0})",
              R"({ "t": "2024-01-02", "k": "a", "x": 1, "n": 0 })"};
  CHECK(read.quick.shapes() == 3);
  for (int round = 0; round < 3; ++round) {
    for (const char* text : {R"({"q":{"a":[null,"\n"]},"t":"2024-01-03","k":"b","x":2,"n":1})",
                             R"({ "n": 5, "t": "2024-01-03", "k": "b", "x": 2 })",
                             R"({"t":"2024-01-02","k":"c","x":1,"n":0})"}) {
      CHECK(read(text) == read.expected(text));
    }
  }
  CHECK(read(R"({"q":{"a":[1,"b"]}})") == "careful");
  CHECK(read(R"({"q":{"a":[1,"b",3]},"t":"2024-01-02","k":"a","x":1,"n":0})") == "careful");
}

TEST_CASE("shapes are few, and lessons stop where nothing repeats") {
  Taught read{};
  std::string array = "0";
  for (int i = 0; i < 60; ++i) {
    read.teach("{\"a\":[" + array + R"(],"t":"2024-01-02","k":"a","x":1,"n":0})");
    array += ",0";
  }
  CHECK(read.quick.shapes() == QuickReader::kMaxShapes);
  for (int i = 0; i < 5; ++i) read.teach(R"({"a":[],"t":"2024-01-02","k":"a","x":1,"n":0})");
  read.teach(kLesson);
  CHECK(read(kLesson) == "careful");
}

TEST_CASE("where an object is expected on the way to a column, null alone may stand") {
  const auto nested =
      test::schema_of({{.name = "x"}, {.name = "q", .nullable = true, .path = {"o", "q"}}});
  JsonRowReader careful(nested);
  QuickReader quick(nested);
  BatchBuilder builder(nested, 4);
  REQUIRE_FALSE(careful.read(R"({"x":1,"o":null})", builder));
  quick.learn(careful);
  CHECK(quick.read(R"({"x":1,"o":null})", builder));
  for (const char* text : {R"({"x":1,"o":5})", R"({"x":1,"o":"a"})", R"({"x":1,"o":true})"}) {
    CHECK_FALSE(quick.read(text, builder));
  }
}

TEST_CASE("a record that fails half way leaves no null behind") {
  Taught read{R"({"y":1,"b":true,"n":1,"x":2,"k":"a","t":"2024-01-02"})"};
  CHECK(read(R"({"y":null,"b":null,"n":1,"x":"bad","k":"a","t":"2024-01-02"})") == "careful");
  const char* good = R"({"y":1,"b":true,"n":1,"x":2,"k":"a","t":"2024-01-02"})";
  CHECK(read(good) == read.expected(good));
}
