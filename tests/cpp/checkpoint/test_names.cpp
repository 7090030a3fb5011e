#include <headrace/checkpoint/names.hpp>

#include <algorithm>
#include <set>

#include "catch.hpp"

using namespace headrace::checkpoint;

namespace {

// One name, of plain characters, that is nobody's special one.
bool is_safe(const std::string& name) {
  const std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-%~";
  return !name.empty() && name.size() <= 200 && !name.starts_with('.') && name != kSavepoints &&
         std::ranges::all_of(name, [&](char c) { return plain.find(c) != std::string_view::npos; });
}

}  // namespace

TEST_CASE("units have names of files that are safe, told apart and read back") {
  std::set<std::string> names;
  const std::vector<std::string> units{"stocks-0",
                                       "stocks-1",
                                       "STOCKS-0",
                                       "a.b_c-12",
                                       "",
                                       ".",
                                       "..",
                                       "../etc-0",
                                       "a/b-0",
                                       "a%2Fb-0",
                                       "savepoints",
                                       ".hidden",
                                       "%73avepoints",
                                       "x y-0",
                                       "a~b-0",
                                       "\xc3\xa9-0",
                                       "%",
                                       "%%",
                                       "%2",
                                       "%7",
                                       "a,b,c",
                                       std::string("nul\0-0", 6)};
  for (const std::string& unit : units) {
    const std::string name = file_name_of(unit);
    INFO(unit << " -> " << name);
    CHECK(is_safe(name));
    CHECK(unit_of_file_name(name) == unit);
    CHECK(names.insert(name).second);
  }
  CHECK(file_name_of("stocks-0") == "stocks-0");
}

TEST_CASE("long units are shortened and still told apart") {
  const std::string topic(249, 't');
  const std::string name = file_name_of(topic + "-0");
  CHECK(is_safe(name));
  CHECK(name != file_name_of(topic + "-1"));
  CHECK(unit_of_file_name(name).empty());
  CHECK(is_safe(file_name_of(std::string(5000, '/'))));
}

TEST_CASE("a savepoint's name is a name and no path") {
  for (const char* name : {"a", "before-upgrade", "0", "v1.2_3", "a..b"}) {
    CHECK(check_savepoint_name(name));
  }
  CHECK(check_savepoint_name(std::string(64, 'a')));
  const std::vector<std::string> refused{"",
                                         ".",
                                         "..",
                                         "../x",
                                         "a/b",
                                         "/a",
                                         "a\\b",
                                         "A",
                                         "-a",
                                         "_a",
                                         ".a",
                                         "%2e%2e",
                                         "a b",
                                         "a\n",
                                         "\xc3\xa9",
                                         "a%",
                                         "~a",
                                         std::string(65, 'a'),
                                         std::string("a\0b", 3)};
  for (const std::string& name : refused) {
    INFO(name);
    const headrace::base::Status status = check_savepoint_name(name);
    REQUIRE_FALSE(status);
    CHECK(status.error().code == headrace::base::ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("a savepoint that is not there is told with the nearest name") {
  CHECK(no_savepoint("before-upgade", "/state", {"before-upgrade"}).message ==
        "there is no savepoint \"before-upgade\" in /state (did you mean \"before-upgrade\"?)");
  CHECK(no_savepoint("x", "/state", {}).message ==
        "there is no savepoint \"x\" in /state, nor any other");
}
