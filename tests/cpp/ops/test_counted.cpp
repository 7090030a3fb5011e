#include <headrace/ops/kernel/counted.hpp>

#include <limits>

#include "catch.hpp"

using namespace headrace;

TEST_CASE("a count is read where counting on cannot overflow, and refused elsewhere") {
  using Limits = std::numeric_limits<std::int64_t>;
  for (const auto& [count, good] :
       std::initializer_list<std::pair<std::int64_t, bool>>{{0, true},
                                                            {7, true},
                                                            {ops::kMostCounted, true},
                                                            {ops::kMostCounted + 1, false},
                                                            {-1, false},
                                                            {Limits::max(), false},
                                                            {Limits::min(), false}}) {
    base::ByteWriter writer;
    writer.put(count);
    base::ByteReader reader(writer.bytes());
    std::int64_t read = -5;
    INFO(count);
    CHECK(ops::get_count(reader, read).ok() == good);
    CHECK(read == (good ? count : -5));
  }
}

TEST_CASE("a count that is cut off is an error") {
  base::ByteWriter writer;
  writer.put(std::int32_t{1});
  base::ByteReader reader(writer.bytes());
  std::int64_t read = -5;
  CHECK_FALSE(ops::get_count(reader, read).ok());
  CHECK(read == -5);
}
