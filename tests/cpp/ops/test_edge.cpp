#include <headrace/ops/aggregate/edge.hpp>

#include "catch.hpp"

using namespace headrace;
using ops::Edge;

TEST_CASE("the first is the earliest, of equal times the one that came first") {
  Edge<double> first;
  first.offer_first(1, 20);
  first.offer_first(2, 20);
  CHECK(first.value == 1);
  first.offer_first(3, 10);
  first.offer_first(4, 15);
  CHECK(first.value == 3);
  CHECK(first.time == 10);
}

TEST_CASE("the last is the latest, of equal times the one that came last") {
  Edge<double> last;
  last.offer_last(1, -5);
  last.offer_last(2, -5);
  CHECK(last.value == 2);
  last.offer_last(3, -6);
  CHECK(last.value == 2);
  last.offer_last(4, 0);
  CHECK(last.value == 4);
}

TEST_CASE("a first value of time 0 is seen, though nothing is so from the start") {
  Edge<std::int64_t> edge;
  CHECK(edge.seen == 0);
  edge.offer_first(7, 100);
  CHECK(edge.value == 7);
}
