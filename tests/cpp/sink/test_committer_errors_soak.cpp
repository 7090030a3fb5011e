// All error codes x requests x first, second or every answer, each cell printed: minutes.
//
//   test_sink_soak "[EndTxn]"
#include <headrace/sink/committer.hpp>

#include <cstdio>

#include "catch.hpp"
#include "error_matrix.hpp"

using namespace headrace::test;
using namespace std::chrono_literals;

namespace {

// Longer than any deadline of a call: what librdkafka does by itself has come to its end by then.
constexpr auto kPatience = 12s;

void check(const std::string& request) {
  for (const Report& report : run(cells(std::vector{request}), kPatience, 12)) {
    std::puts(line_of(report).c_str());
    INFO(line_of(report));
    CHECK(report.fault.empty());
  }
}

}  // namespace

TEST_CASE("error matrix: Produce", "[Produce]") { check("Produce"); }
TEST_CASE("error matrix: FindCoordinator", "[FindCoordinator]") { check("FindCoordinator"); }
TEST_CASE("error matrix: InitProducerId", "[InitProducerId]") { check("InitProducerId"); }
TEST_CASE("error matrix: AddPartitionsToTxn", "[AddPartitionsToTxn]") {
  check("AddPartitionsToTxn");
}
TEST_CASE("error matrix: AddOffsetsToTxn", "[AddOffsetsToTxn]") { check("AddOffsetsToTxn"); }
TEST_CASE("error matrix: EndTxn", "[EndTxn]") { check("EndTxn"); }
TEST_CASE("error matrix: TxnOffsetCommit", "[TxnOffsetCommit]") { check("TxnOffsetCommit"); }
