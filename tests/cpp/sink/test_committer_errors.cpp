// A slice of the error matrix that is quick: each request, an error of each kind, once. The whole
// matrix is in test_committer_errors_soak.cpp.
#include <headrace/sink/committer.hpp>

#include <algorithm>

#include <librdkafka/rdkafka.h>

#include "catch.hpp"
#include "error_matrix.hpp"

using namespace headrace::test;
using namespace std::chrono_literals;

TEST_CASE("committer: errors in answer to each request end in one commit, or in words") {
  constexpr std::array kKinds{RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                              RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
                              RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED};
  std::vector<MatrixCell> slice = cells(requests());
  std::erase_if(slice, [&](const MatrixCell& cell) {
    return cell.which == Which::kEvery ||
           std::find(kKinds.begin(), kKinds.end(), cell.error) == kKinds.end();
  });
  CHECK(slice.size() >= 40);
  for (const Report& report : run(slice, 5s, 8)) {
    INFO(line_of(report));
    CHECK(report.fault.empty());
  }
}

TEST_CASE("committer: the matrix has more than 150 cells, and no request without one") {
  CHECK(cells(requests()).size() >= 150);
  for (const std::string& request : requests()) {
    CHECK(cells(std::vector{request}).size() >= 20);
  }
}
