#include <headrace/pipeline/plan_json.hpp>

#include "catch.hpp"

using headrace::base::Exception;
using headrace::pipeline::JsonObject;

namespace {

simdjson::dom::parser parser;

simdjson::dom::element parsed(const std::string& text) { return parser.parse(text).value(); }

template <class Call>
std::string message_of(const Call& call) {
  try {
    (void)call();
  } catch (const Exception& exception) {
    CHECK(exception.error().code == headrace::base::ErrorCode::kInvalidArgument);
    return exception.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("fields are read by name and kind; null is the same as absent") {
  const JsonObject object(
      parsed(R"({"t": "x", "n": -3, "b": true, "l": ["a", "b"], "e": [], "null": null})"), "here",
      {"t", "n", "b", "l", "e", "null", "absent"});
  CHECK(object.text("t") == "x");
  CHECK(object.integer("n") == -3);
  CHECK(object.truth("b", false));
  CHECK(object.truth("null", true));
  CHECK(object.texts("l") == std::vector<std::string>{"a", "b"});
  CHECK(object.list("e").empty());
  CHECK_FALSE(object.find("null"));
  CHECK_FALSE(object.text_if("absent"));
  CHECK(object.choice("t", {"y", "x"}, 0) == 1);
  CHECK(object.choice("absent", {"y", "x"}, 1) == 1);
}

TEST_CASE("errors say where, what was expected and what was received") {
  const JsonObject object(parsed(R"({"t": 1, "n": 1.5, "b": 0, "l": {}, "m": ["a", 2]})"), "here",
                          {"t", "n", "b", "l", "m", "gone"});
  CHECK(message_of([&] { return object.text("t"); }) == R"(here: "t": expected text, got 1)");
  CHECK(message_of([&] { return object.integer("n"); }) ==
        R"(here: "n": expected a whole number, got 1.5)");
  CHECK(message_of([&] { return object.truth("b", true); }) ==
        R"(here: "b": expected true or false, got 0)");
  CHECK(message_of([&] { return object.list("l"); }) == R"(here: "l": expected a list, got {})");
  CHECK(message_of([&] { return object.texts("m"); }) ==
        R"(here: "m": expected a list of texts, got ["a",2])");
  CHECK(message_of([&] { return object.require("gone"); }) == R"(here: "gone" is missing)");
  CHECK(message_of([] {
          return JsonObject(parsed(R"({"expr": 1, "exrp": 2})"), "here", {"expr", "op"});
        }) == R"(here: no key "exrp"; did you mean "expr"? keys: expr, op)");
  CHECK(message_of([] { return JsonObject(parsed(R"({"a": 1, "a": 2})"), "here", {"a"}); }) ==
        R"(here: key "a" stands there twice)");
  CHECK(message_of([] { return JsonObject(parsed("[]"), "here", {}); }) ==
        "here: expected an object, got []");
}

TEST_CASE("long fragments are cut in messages, not in text") {
  const std::string longest = '"' + std::string(200, 'x') + '"';
  CHECK(headrace::pipeline::json_text(parsed(longest)) == longest);
  CHECK(headrace::pipeline::json_excerpt(parsed(longest)) == longest.substr(0, 80) + "...");
}
