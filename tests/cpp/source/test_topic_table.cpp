#include <headrace/source/kafka/topic_table.hpp>

#include "catch.hpp"

using headrace::source::TopicTable;

TEST_CASE("topics keep their numbers; new names get the next") {
  TopicTable table({"b", "a"});
  CHECK(table.index_of("b") == 0);
  CHECK(table.index_of("a") == 1);
  CHECK(table.index_of("c") == 2);
  CHECK(table.index_of("c") == 2);
  CHECK(table.name(2) == "c");
  CHECK(table.names() == std::vector<std::string>{"b", "a", "c"});
}
