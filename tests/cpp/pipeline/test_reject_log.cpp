#include <headrace/pipeline/reject_log.hpp>

#include "catch.hpp"

using namespace headrace;
using pipeline::RejectLog;
using record::RejectReason;

namespace {

record::Rejects rejects(std::int64_t first, std::int64_t n, std::size_t bytes = 1) {
  record::Rejects made;
  for (std::int64_t i = 0; i < n; ++i) {
    record::Reject& reject = made.emplace_back();
    reject.offset = first + i;
    reject.reason = i % 2 == 0 ? RejectReason::kUtf8 : RejectReason::kEmpty;
    reject.value = std::string(bytes, 'x');
  }
  return made;
}

}  // namespace

TEST_CASE("the newest are kept in order of arrival, all are counted") {
  RejectLog log(5);
  log.add(rejects(0, 4));
  log.add(rejects(4, 4));
  log.add({});
  const record::Rejects newest = log.newest();
  REQUIRE(newest.size() == 5);
  CHECK(newest.front().offset == 3);
  CHECK(newest.back().offset == 7);
  CHECK(log.by_reason() == std::map<std::string, std::uint64_t>{{"utf8", 4}, {"empty", 4}});
}

TEST_CASE("large values are kept up to the bytes there are, the newest in any case") {
  RejectLog log(1'000);
  log.add(rejects(0, 10, RejectLog::kBytesKept / 4));
  CHECK(log.newest().size() == 3);
  log.add(rejects(10, 1, RejectLog::kBytesKept + 1));
  REQUIRE(log.newest().size() == 1);
  CHECK(log.newest()[0].offset == 10);
  log.add(rejects(11, 2));
  CHECK(log.newest().size() == 2);
}

TEST_CASE("the first of each reason stays, as a line, whatever comes after") {
  RejectLog log(1);
  CHECK(log.first_of_reasons({"t"}).empty());
  record::Rejects first = rejects(7, 2);
  first[0].detail = "not UTF-8";
  first[0].key = "AAPL";
  first[1].detail = "no bytes";
  log.add(first);
  log.add(rejects(100, 50));
  CHECK(log.first_of_reasons({"t"}) ==
        std::map<std::string, std::string>{{"utf8", "t[0]@7 key=AAPL: not UTF-8"},
                                           {"empty", "t[0]@8: no bytes"}});
}

TEST_CASE("rows that are late and only counted are no dead letters of any reason") {
  RejectLog log(5);
  log.count_late(3);
  log.count_late(2);
  CHECK(log.late() == 5);
  CHECK(log.newest().empty());
  CHECK(log.by_reason().empty());
}

TEST_CASE("rows dropped by a rule are counted without being kept") {
  RejectLog log(5);
  log.count(RejectReason::kRule, 3);
  log.count(RejectReason::kRule, 0);
  CHECK(log.newest().empty());
  CHECK(log.by_reason() == std::map<std::string, std::uint64_t>{{"rule", 3}});
}
