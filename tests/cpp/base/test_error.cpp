#include <headrace/base/error.hpp>

#include <string>

#include "catch.hpp"

using namespace headrace::base;

TEST_CASE("every code stands at its own place in the table") {
  for (std::size_t i = 0; i < kErrorTable.size(); ++i) {
    CHECK(static_cast<std::size_t>(kErrorTable[i].code) == i);
    CHECK(info(kErrorTable[i].code).name == kErrorTable[i].name);
  }
}

TEST_CASE("a Result holds a value or an error, and throws only when asked to") {
  Result<int> good = 3;
  REQUIRE(good);
  CHECK(*good == 3);
  Result<int> bad = invalid_argument("timeperiod: expected 2 or more, got 1");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == ErrorCode::kInvalidArgument);
  CHECK_THROWS_AS(std::move(bad).value_or_throw(), Exception);
}

TEST_CASE("a Status is success until it is given an error") {
  CHECK(Status{}.ok());
  CHECK_NOTHROW(Status{}.throw_if_error());
  const Status failed = invalid_argument("no");
  CHECK_FALSE(failed);
  CHECK_THROWS_AS(failed.throw_if_error(), Exception);
}
