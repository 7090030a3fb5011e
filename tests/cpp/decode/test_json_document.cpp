#include <headrace/decode/json_document.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "catch.hpp"
#include "decode_support.hpp"

using namespace headrace;
using namespace headrace::decode;
using record::RejectReason;

namespace {

namespace fs = std::filesystem;

std::string verdict(std::string_view text) {
  const test::Exact exact(text);
  const auto fault = json_verdict(exact.view());
  return fault ? std::string(info(fault->reason).name) : "accepted";
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::map<std::string, std::string> pinned_verdicts() {
  std::ifstream table(HEADRACE_SUITE_VERDICTS);
  std::map<std::string, std::string> verdicts;
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string name;
    words >> name >> verdicts[name];
  }
  return verdicts;
}

std::string nested(int levels) {
  std::string text;
  for (int i = 0; i < levels; ++i) text += i % 2 ? "{\"a\":" : "[";
  text += "1";
  for (int i = levels; i-- > 0;) text += i % 2 ? "}" : "]";
  return text;
}

}  // namespace

TEST_CASE("the 318 cases of the parsing suite are judged as they must be") {
  const char* data = std::getenv("HEADRACE_DATA");
  const fs::path folder = fs::path(data ? data : "") / "json" / "parsing";
  if (data == nullptr || !fs::is_directory(folder)) {
    WARN("skipped: HEADRACE_DATA has no json/parsing");
    return;
  }
  std::map<std::string, std::string> pinned = pinned_verdicts();
  std::map<char, int> counts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const std::string ours = verdict(read_file(entry.path()));
    INFO(name << ": " << ours);
    ++counts[name.front()];
    if (name.front() == 'y') CHECK(ours == "accepted");
    if (name.front() == 'n') CHECK(ours != "accepted");
    if (name.front() == 'i') CHECK(ours == pinned[name]);
  }
  CHECK(counts['y'] == 95);
  CHECK(counts['n'] == 188);
  CHECK(counts['i'] == 35);
}

TEST_CASE("the text comes out as a list of events") {
  JsonDocument document;
  REQUIRE_FALSE(document.read(R"( {"a" : [1, "\u00e9", true], "b":{}, "c":null} )"));
  std::string kinds;
  std::string texts;
  for (const JsonEvent& event : document.events()) {
    kinds += "OAEKSN10-X"[static_cast<int>(event.kind)];
    if (event.kind != JsonKind::kEnd) texts += std::string(document.text(event)) + "|";
  }
  CHECK(kinds == "OKANS1EKOEK-E");
  CHECK(texts == R"({|a|[|1|\u00e9|true|b|{|c|null|)");
  CHECK(document.raw(document.events()[1]) == "\"a\"");
  CHECK(document.events()[4].escaped);
  CHECK_FALSE(document.events()[1].escaped);
}

TEST_CASE("every reason has its case") {
  CHECK(verdict("") == "empty");
  CHECK(verdict(" \n") == "invalid_json");
  CHECK(verdict("{\"a\":1") == "invalid_json");
  CHECK(verdict("{\"a\":1}}") == "invalid_json");
  CHECK(verdict("{\"a\":1} x") == "invalid_json");
  CHECK(verdict("{\"a\":1,}") == "invalid_json");
  CHECK(verdict("{\"a\":[a\":[1]}") == "invalid_json");
  CHECK(verdict("{\"a\":\"b\":1}") == "invalid_json");
  CHECK(verdict("{'a':1}") == "invalid_json");
  CHECK(verdict("{\"a\":01}") == "invalid_json");
  CHECK(verdict("{\"a\":\"\t\"}") == "invalid_json");
  CHECK(verdict("{\"a\":\"\\q\"}") == "invalid_json");
  CHECK(verdict("\xEF\xBB\xBF{}") == "invalid_json");
  CHECK(verdict("{\"a\":\"\xFF\"}") == "utf8");
  CHECK(verdict("{\"a\":\"\\ud800\"}") == "utf8");
  CHECK(verdict("{\"a\":NaN}") == "non_finite");
  CHECK(verdict("[-Infinity]") == "non_finite");
  CHECK(verdict("{\"a\":nan}") == "invalid_json");
  CHECK(verdict(nested(64)) == "accepted");
  CHECK(verdict(nested(65)) == "depth");
  CHECK(verdict(std::string(100'000, '[')) != "accepted");
}

TEST_CASE("the words say where and what") {
  CHECK(json_verdict("{\"a\":1 \"b\":2}")->detail ==
        "invalid JSON after byte 6: misplaced or missing brackets, braces, commas or colons");
  CHECK(json_verdict("{\"a\":tru}")->detail ==
        "invalid JSON after byte 4: expected a value, got tru");
  CHECK(json_verdict("\xEF\xBB\xBF{}")->detail == "invalid JSON after byte 0: a byte order mark");
  CHECK(json_verdict("[\"abc")->detail == "invalid JSON after byte 0: a string has no end");
}

TEST_CASE("a valid text cut at any byte is no valid text") {
  const std::string text = R"({"a":[1,-2.5e+3,true,"x\u00e9"],"b":{"c":null}})";
  REQUIRE(verdict(text) == "accepted");
  for (std::size_t size = 0; size < text.size(); ++size) {
    INFO(size);
    CHECK(verdict(std::string_view(text).substr(0, size)) != "accepted");
  }
}

TEST_CASE("a key named twice is found anywhere, in any spelling, however many there are") {
  JsonDocument document;
  const auto twin = [&](std::string_view text) {
    REQUIRE_FALSE(document.read(text));
    return document.duplicate_key() ? document.duplicate_key()->detail : std::string();
  };
  CHECK(twin(R"({"a":1,"b":2})").empty());
  CHECK(twin(R"({"a":1,"b":2,"a":3})") == "key \"a\" appears twice");
  CHECK(twin(R"({"a":1,"\u0061":2})") == "key \"a\" appears twice");
  CHECK(twin(R"({"x":[{"b":{"c":1,"d":2,"c":3}}]})") == "key \"c\" appears twice");
  CHECK(twin(R"({"a":{"a":{"a":1}},"b":{"a":1}})").empty());
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += "\"" + std::to_string(i) + "\":0,";
  CHECK(twin(many + "\"x\":1}").empty());
  CHECK(twin(many + "\"77\":1}") == "key \"77\" appears twice");
}

TEST_CASE("a document forgets what it read before") {
  JsonDocument document;
  REQUIRE_FALSE(document.read(R"({"a":1,"a":NaN})"));
  CHECK(document.duplicate_key() != nullptr);
  CHECK(document.first_non_finite() != nullptr);
  CHECK(document.read("{\"a\":").has_value());
  REQUIRE_FALSE(document.read("[1]"));
  CHECK(document.duplicate_key() == nullptr);
  CHECK(document.first_non_finite() == nullptr);
  CHECK(document.events().size() == 3);
}
