#include <headrace/pipeline/key_watch.hpp>

#include "catch.hpp"

using headrace::pipeline::KeyWatch;

TEST_CASE("a key of several partitions is counted once, whatever their number") {
  KeyWatch watch;
  watch.seen("A", {0, 0});
  watch.seen("B", {0, 1});
  watch.seen("A", {0, 0});
  CHECK(watch.keys_in_several_partitions() == 0);
  watch.seen("A", {0, 1});
  watch.seen("A", {0, 2});
  watch.seen("B", {1, 1});  // another topic is another partition
  CHECK(watch.keys_in_several_partitions() == 2);
  CHECK(watch.examples() == std::vector<std::string>{"A", "B"});
}

TEST_CASE("few examples, all counted") {
  KeyWatch watch;
  for (int i = 0; i < 20; ++i) {
    watch.seen(std::to_string(i), {0, 0});
    watch.seen(std::to_string(i), {0, 1});
  }
  CHECK(watch.keys_in_several_partitions() == 20);
  CHECK(watch.examples().size() == KeyWatch::kExamples);
}
