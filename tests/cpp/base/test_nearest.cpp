#include <headrace/base/nearest.hpp>

#include "catch.hpp"

using namespace headrace::base;

TEST_CASE("the nearest name is found through typing mistakes, case and swapped letters") {
  const std::vector<std::string> names{"Open", "High", "Low", "Close"};
  CHECK(nearest("clos", names) == "Close");
  CHECK(nearest("CLOSE", names) == "Close");
  CHECK(nearest("Hihg", names) == "High");
  CHECK_FALSE(nearest("Volume", names).has_value());
  CHECK_FALSE(nearest("x", names).has_value());
}

TEST_CASE("the sentence names what was received, the nearest and the list") {
  const std::vector<std::string> names{"Open", "Close"};
  CHECK(unknown_name("column", "clos", names) ==
        "no column \"clos\"; did you mean \"Close\"? columns: Open, Close");
  CHECK(unknown_name("column", "zzzzzz", names) == "no column \"zzzzzz\"; columns: Open, Close");
}
