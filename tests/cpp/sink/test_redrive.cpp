#include <headrace/sink/kafka/redrive.hpp>

#include "catch.hpp"

using namespace headrace;

// What it does on a broker is tested on a real one: tests/integration/test_dead_letters.py.

TEST_CASE("redrive: settings are checked where they are given") {
  CHECK(sink::Redrive::create({.client = {.bootstrap = "127.0.0.1:1"}}, "mended"));
  const auto nameless = sink::Redrive::create({.client = {.bootstrap = "127.0.0.1:1"}}, "");
  REQUIRE_FALSE(nameless);
  CHECK(nameless.error().code == base::ErrorCode::kInvalidArgument);
  CHECK_FALSE(sink::Redrive::create({.client = {.bootstrap = ""}}, "mended"));
}

TEST_CASE("redrive: nothing is written before it is known what is done") {
  const auto redrive =
      sink::Redrive::create({.client = {.bootstrap = "127.0.0.1:1"}}, "mended").value_or_throw();
  const base::Status status = redrive->write({}, {});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kInvalidArgument);
}
