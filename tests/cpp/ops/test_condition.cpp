#include <headrace/ops/condition.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;

TEST_CASE("one false verdict anywhere is found, whatever the length") {
  for (std::size_t rows = 0; rows < 40; ++rows) {
    test::Table table = test::bars(std::vector<test::Bar>(rows, {1, "A", 2.0, 1.0, {}}));
    auto condition =
        ops::Condition::compile("test", test::expression(R"({"fn":">","args":[{"col":"High"},1]})"),
                                *table.schema)
            .value_or_throw();
    condition.evaluate(test::whole(table));
    CHECK(condition.holds_everywhere());
    for (std::size_t bad = 0; bad < rows; ++bad) {
      table.rows[bad][2] = 0.5;
      condition.evaluate(test::whole(table));
      CHECK_FALSE(condition.holds_everywhere());
      CHECK_FALSE(condition.holds(bad));
      table.rows[bad][2] = 2.0;
    }
  }
}

TEST_CASE("null is not true, and can be told from false") {
  const test::Table table = test::some_bars();
  auto condition =
      ops::Condition::compile("test", test::expression(R"({"fn":">","args":[{"col":"Volume"},0]})"),
                              *table.schema)
          .value_or_throw();
  condition.evaluate(test::whole(table));
  CHECK_FALSE(condition.holds_everywhere());
  CHECK(condition.holds(1));
  CHECK_FALSE(condition.holds(2));
  CHECK(condition.is_null(2));
  CHECK_FALSE(condition.holds(3));
  CHECK_FALSE(condition.is_null(3));
}
