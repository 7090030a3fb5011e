#include <headrace/ops/join/static_table.hpp>

#include <headrace/ops/join/join_key.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace headrace::test;

TEST_CASE("rows are found by their key, in the order of the table") {
  const Table table = some_bars();
  const auto found = ops::StaticTable::create(whole(table), {"Ticker"}).value_or_throw();
  ops::JoinKey key({1});
  const auto rows = [&](std::size_t row) {
    const auto span = found->matches(key.of(found->rows(), row).value());
    return std::vector<std::uint32_t>(span.begin(), span.end());
  };
  CHECK(rows(0) == std::vector<std::uint32_t>{0, 2, 4});
  CHECK(rows(1) == std::vector<std::uint32_t>{1, 3});
  CHECK(found->matches("nobody").empty());
}

TEST_CASE("a null key is found by nobody") {
  const Table table = some_bars();
  const auto found = ops::StaticTable::create(whole(table), {"Volume"}).value_or_throw();
  ops::JoinKey key({4});
  CHECK_FALSE(key.of(found->rows(), 2).has_value());
  CHECK(found->matches(std::string_view("\0", 1)).empty());
  CHECK(found->matches(key.of(found->rows(), 4).value()).size() == 1);
}

TEST_CASE("an unknown key column has an answer") {
  const Table table = some_bars();
  CHECK(
      ops::StaticTable::create(whole(table), {"Tcker"})
          .error()
          .message.starts_with("join: right side: no column \"Tcker\"; did you mean \"Ticker\"?"));
  CHECK(ops::StaticTable::create(whole(table), {}).error().message ==
        "join: on: expected at least one column name");
}

TEST_CASE("equal tables have the same id, others another one") {
  const auto id_of = [](const Table& table, const std::string& on) {
    return ops::StaticTable::create(whole(table), {on}).value_or_throw()->id();
  };
  Table table = some_bars();
  const std::string id = id_of(table, "Ticker");
  CHECK(id.size() == 16);
  CHECK(id == id_of(some_bars(), "Ticker"));
  CHECK(id != id_of(some_bars(), "Date"));
  table.rows[2][4] = std::int64_t{1};
  CHECK(id != id_of(table, "Ticker"));
  table = some_bars();
  table.rows.pop_back();
  CHECK(id != id_of(table, "Ticker"));
}
