#include <headrace/ops/join/join_key.hpp>

#include "catch.hpp"
#include "ops/bars.hpp"

using namespace headrace;
using namespace headrace::test;
using ops::JoinKey;

TEST_CASE("rows of equal values have equal keys, texts and numbers together") {
  const record::RecordBatch batch = whole(bars(
      {{1, "AAPL", 2.0, 0, 1}, {2, "AAPL", 2.0, 0, 2}, {3, "AAPL", 2.5, 0, 1}, {4, "", 0, 0, 1}}));
  JoinKey key({1, 2});
  const std::string first(key.of(batch, 0).value());
  CHECK(key.of(batch, 1) == first);
  CHECK(key.of(batch, 2) != first);
  CHECK(key.of(batch, 3).has_value());
}

TEST_CASE("a null or NaN in any column is no key") {
  const record::RecordBatch batch =
      whole(bars({{1, "A", std::nan(""), 0, 1}, {2, "A", 1, 0, std::nullopt}, {3, "A", 1, 0, 7}}));
  JoinKey key({2, 4});
  CHECK_FALSE(key.of(batch, 0).has_value());
  CHECK_FALSE(key.of(batch, 1).has_value());
  CHECK(key.of(batch, 2).has_value());
}

TEST_CASE("without columns all rows have the same key") {
  const record::RecordBatch batch = whole(some_bars());
  JoinKey key({});
  CHECK(key.of(batch, 0) == "");
  CHECK(key.of(batch, 1) == "");
}
