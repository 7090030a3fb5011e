#include <headrace/ops/kernel/hyperloglog.hpp>

#include <cmath>
#include <string>

#include "catch.hpp"

using namespace headrace;
using ops::HyperLogLog;

namespace {

std::vector<std::byte> saved(const HyperLogLog& sketch) {
  base::ByteWriter writer;
  sketch.snapshot(writer);
  return std::move(writer).take();
}

}  // namespace

TEST_CASE("estimates of 10 to a million values are within four standard errors") {
  for (const bool text : {false, true}) {
    HyperLogLog sketch;
    std::uint64_t added = 0;
    for (const std::uint64_t size : {10U, 100U, 1'000U, 10'000U, 50'000U, 100'000U, 1'000'000U}) {
      for (; added < size; ++added) {
        sketch.add(text ? HyperLogLog::hash("value " + std::to_string(added))
                        : HyperLogLog::hash(added * 1'000));
      }
      INFO(size << (text ? " texts" : " numbers"));
      const auto exact = static_cast<double>(size);
      CHECK(std::abs(sketch.estimate() - exact) <= std::max(1.0, 4 * 0.0081 * exact));
    }
  }
}

TEST_CASE("seeing a value again changes nothing") {
  HyperLogLog sketch;
  CHECK(sketch.estimate() == 0);
  for (int round = 0; round < 1'000; ++round) {
    for (std::uint64_t value = 0; value < 5; ++value) sketch.add(HyperLogLog::hash(value));
  }
  CHECK(std::llround(sketch.estimate()) == 5);
}

TEST_CASE("the sketch of a union is the union of the sketches, to the byte") {
  HyperLogLog whole;
  HyperLogLog parts[3];
  for (std::uint64_t value = 0; value < 30'000; ++value) {
    whole.add(HyperLogLog::hash(value));
    parts[value % 2].add(HyperLogLog::hash(value));
    parts[0].add(HyperLogLog::hash(value / 2));
  }
  parts[2].add(parts[1]);
  parts[2].add(HyperLogLog{});
  parts[2].add(parts[0]);
  CHECK(saved(parts[2]) == saved(whole));
}

TEST_CASE("a sketch is restored to the byte, and a damaged one refused") {
  HyperLogLog sketch;
  for (const HyperLogLog& one : {HyperLogLog{}, sketch}) {
    HyperLogLog after;
    base::ByteWriter writer;
    one.snapshot(writer);
    base::ByteReader reader(writer.bytes());
    REQUIRE(after.restore(reader));
    CHECK(saved(after) == saved(one));
  }
  for (std::uint64_t value = 0; value < 100; ++value) sketch.add(HyperLogLog::hash(value));
  std::vector<std::byte> bytes = saved(sketch);
  HyperLogLog after;
  base::ByteReader reader(bytes);
  REQUIRE(after.restore(reader));
  CHECK(after.estimate() == sketch.estimate());
  bytes.back() = std::byte{52};  // a hash has no more than 51 zeros in front
  base::ByteReader damaged(bytes);
  CHECK_FALSE(after.restore(damaged));
}
