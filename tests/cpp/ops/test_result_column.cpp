#include <headrace/ops/aggregate/result_column.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "support/table.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::ResultColumn;
using record::DType;

TEST_CASE("values come out as they went in, and taking empties") {
  ResultColumn<double> results(DType::kFloat64);
  results.push(1.5);
  results.push(-0.0);
  CHECK(results.size() == 2);
  const record::Column column = results.take();
  CHECK_FALSE(column.validity);
  CHECK(column.values<double>()[0] == 1.5);
  CHECK(std::signbit(column.values<double>()[1]));
  CHECK(results.size() == 0);
  CHECK(results.take().type == DType::kFloat64);
}

TEST_CASE("nulls are null wherever they are, over what a column has under them") {
  for (unsigned pattern = 0; pattern < 32; ++pattern) {
    ResultColumn<std::int64_t> results(DType::kInt64);
    for (unsigned row = 0; row < 5; ++row) {
      (pattern >> row & 1U) != 0 ? results.push_null() : results.push(row);
    }
    const record::Column column = results.take();
    for (unsigned row = 0; row < 5; ++row) {
      const bool null = (pattern >> row & 1U) != 0;
      CHECK(cell_of(column, row) == (null ? Cell{} : Cell{std::int64_t{row}}));
      CHECK(column.values<std::int64_t>()[row] == (null ? 0 : row));
    }
    results.push(7);
    CHECK_FALSE(results.take().validity);  // no null is left from before
  }
  ResultColumn<double> floats(DType::kFloat64);
  floats.push_null();
  CHECK(std::isnan(floats.take().values<double>()[0]));
}

TEST_CASE("many at once are as one by one, behind nulls too") {
  const std::vector<std::uint32_t> items{2, 0, 1};
  const auto squared = [](std::uint32_t item) { return std::int64_t{item} * item; };
  ResultColumn<std::int64_t> results(DType::kInt64);
  results.push_each(items, squared);
  CHECK(results.size() == 3);
  CHECK_FALSE(results.take().validity);
  results.push(5);
  results.push_null();
  results.push_each(items, squared);
  results.push_null();
  const record::Column column = results.take();
  const std::vector<Cell> expected{std::int64_t{5}, {}, std::int64_t{4}, std::int64_t{0},
                                   std::int64_t{1}, {}};
  for (std::size_t row = 0; row < expected.size(); ++row) {
    CHECK(cell_of(column, row) == expected[row]);
  }
}

TEST_CASE("codes come with their dictionary") {
  const auto words = std::make_shared<record::Dictionary>();
  ResultColumn<std::int32_t> results(DType::kString);
  results.push(words->intern("IBM"));
  results.push_null();
  const record::Column column = results.take(words);
  CHECK(cell_of(column, 0) == Cell{std::string("IBM")});
  CHECK(cell_of(column, 1) == Cell{});
  CHECK(column.values<std::int32_t>()[1] == -1);
}
