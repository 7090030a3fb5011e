#include <headrace/decode/json_decoder.hpp>

#include <random>
#include <string>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using namespace headrace::decode;

namespace {

std::string told(const std::optional<DecodeFailure>& bad, BatchBuilder& builder) {
  if (!bad) return test::take_row(builder);
  return std::string(info(bad->reason).name) + " " + bad->field + " " + bad->detail;
}

// The decoder with whatever it has learnt, and the careful reader alone.
struct Both {
  explicit Both(const record::SchemaPtr& schema)
      : decoder(schema), careful(schema), ours(schema, 4), theirs(schema, 4) {}
  JsonDecoder decoder;
  JsonRowReader careful;
  BatchBuilder ours;
  BatchBuilder theirs;

  std::string agreed(std::string_view text) {
    const test::Exact exact(text);
    const std::string row = told(decoder.append(exact.view(), ours), ours);
    REQUIRE(row == told(careful.read(text, theirs), theirs));
    return row;
  }
};

}  // namespace

TEST_CASE("the path never shows: first record, known shape, unknown shape") {
  Both both(test::bar_schema());
  const std::string bar = both.agreed(test::kBar);
  for (int i = 0; i < 3; ++i) CHECK(both.agreed(test::kBar) == bar);
  std::string blank(test::kBar);
  blank.insert(1, " ");
  CHECK(both.agreed(blank) == bar);
  CHECK(both.agreed(blank) == bar);
}

TEST_CASE("every single byte changed to every other gives the careful verdict") {
  Both both(test::bar_schema());
  both.agreed(test::kBar);
  for (std::size_t i = 0; i < test::kBar.size(); ++i) {
    for (int c = 0; c < 256; c += i % 5 == 0 ? 1 : 17) {
      std::string text(test::kBar);
      text[i] = static_cast<char>(c);
      both.agreed(text);
    }
  }
}

TEST_CASE("every cut and every doubled stretch gives the careful verdict") {
  Both both(test::bar_schema());
  both.agreed(test::kBar);
  for (std::size_t i = 0; i < test::kBar.size(); ++i) {
    both.agreed(test::kBar.substr(0, i));
    both.agreed(test::kBar.substr(i));
    for (const std::size_t size : {1U, 2U, 9U, 31U}) {
      std::string doubled(test::kBar);
      doubled.insert(i, test::kBar.substr(i, size));
      both.agreed(doubled);
      std::string dropped(test::kBar);
      dropped.erase(i, size);
      both.agreed(dropped);
    }
  }
}

TEST_CASE("records put together at random from good and bad parts") {
  Both both(test::schema_of({{.name = "x", .nullable = true},
                             {.name = "n", .type = record::DType::kInt64},
                             {.name = "s", .type = record::DType::kString, .nullable = true},
                             {.name = "t", .type = record::DType::kTimestamp, .nullable = true},
                             {.name = "q", .nullable = true, .path = {"o", "q"}}}));
  const std::vector<std::string> keys{"\"x\"", "\"n\"", "\"s\"",      "\"t\"",
                                      "\"o\"", "\"u\"", "\"\\u0073\""};
  const std::vector<std::string> values{"1",
                                        "-2.5e3",
                                        "null",
                                        "\"text\"",
                                        "\"2024-01-02T03:04:05.678Z\"",
                                        "{\"q\":1.5}",
                                        "[1,{\"n\":2}]",
                                        "true",
                                        "9223372036854775807",
                                        "0.1234567890123456789",
                                        "\"\\u00e9\"",
                                        "{}",
                                        "{\"q\":null}",
                                        "1e999",
                                        "\"a longer text with more bytes\""};
  const std::vector<std::string> blanks{"", " ", "\n"};
  std::mt19937 random(11);
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[random() % from.size()];
  };
  int good = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string blank = pick(blanks);
    std::string text = "{";
    for (std::size_t k = 0, count = random() % 6; k < count; ++k) {
      text += (k == 0 ? "" : "," + blank) + pick(keys) + ":" + blank + pick(values);
    }
    if (both.agreed(text + "}").find("field") == std::string::npos) ++good;
  }
  CHECK(good > 1000);
}

TEST_CASE("lists are read the same whatever was learnt from records without") {
  Both both(test::schema_of({{.name = "x"},
                             {.name = "tags",
                              .type = record::DType::kString,
                              .nullable = true,
                              .items = {{.name = "", .type = record::DType::kInt64}}},
                             {.name = "s", .type = record::DType::kString, .nullable = true}}));
  const std::vector<std::string> texts{R"({"x":1})",
                                       R"({"x":1,"s":"a"})",
                                       R"({"x":2,"tags":[1,2],"s":"a"})",
                                       R"({"x":2,"tags":[1,2],"s":"b"})",
                                       R"({"x":3,"tags":null,"s":"a"})",
                                       R"({"x":4,"tags":"a","s":"a"})",
                                       R"({"x":5,"tags":{"a":1},"s":"a"})",
                                       R"({"x":6,"tags":[],"s":[1]})",
                                       R"({"x":7,"tags":["a"]})",
                                       R"({"tags":[ 1 , 2 ],"x":8})"};
  for (int round = 0; round < 3; ++round) {
    for (const std::string& first : texts) {
      for (const std::string& second : texts) {
        both.agreed(first);
        both.agreed(second);
      }
    }
  }
  CHECK(both.agreed(texts[2]) == R"(0x1p+1 "[1,2]" "a")");
  CHECK(both.agreed(texts[9]) == R"(0x1p+3 "[ 1 , 2 ]" null)");
  CHECK(both.agreed(texts[4]) == R"(0x1.8p+1 null "a")");
  CHECK(both.agreed(texts[5]) == R"(wrong_type tags field "tags": expected list, got "a")");
  CHECK(both.agreed(texts[6]) == R"(wrong_type tags field "tags": expected list, got an object)");
  CHECK(both.agreed(texts[8]) == R"(wrong_type tags field "tags[0]": expected integer, got "a")");
}
