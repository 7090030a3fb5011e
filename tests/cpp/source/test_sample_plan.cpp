#include <headrace/source/kafka/sample_plan.hpp>

#include "catch.hpp"

using headrace::source::spread;
using Sizes = std::vector<std::size_t>;

TEST_CASE("a total is shared out evenly, and who has less leaves the rest to the others") {
  CHECK(spread(10, Sizes{100, 2, 100}) == Sizes{4, 2, 4});
  CHECK(spread(7, Sizes{100, 100, 100}) == Sizes{3, 2, 2});
  CHECK(spread(2, Sizes{9, 9, 9}) == Sizes{1, 1, 0});
  CHECK(spread(50, Sizes{0, 3}) == Sizes{0, 3});
  CHECK(spread(50, Sizes{}).empty());
}
