#include <headrace/sink/kafka/transaction_error.hpp>

#include <librdkafka/rdkafka.h>

#include "catch.hpp"

using namespace headrace;

namespace {

base::Error judged(int code) {
  return sink::of_transaction(
      {.code = base::ErrorCode::kKafka, .message = "told", .native_code = code});
}

}  // namespace

TEST_CASE("transaction error: what another producer may get in is retriable, the rest is not") {
  CHECK(judged(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT).retriable);
  CHECK(judged(RD_KAFKA_RESP_ERR__STATE).retriable);
  CHECK(judged(RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR).retriable);
  CHECK_FALSE(judged(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE).retriable);
  CHECK_FALSE(judged(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC).retriable);
  CHECK_FALSE(judged(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED).retriable);
}

TEST_CASE("transaction error: who was fenced is told so, whatever the words of the client") {
  for (const int code : {static_cast<int>(RD_KAFKA_RESP_ERR__FENCED),
                         static_cast<int>(RD_KAFKA_RESP_ERR_PRODUCER_FENCED),
                         static_cast<int>(RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)}) {
    CHECK(judged(code).code == base::ErrorCode::kFenced);
  }
  CHECK(judged(RD_KAFKA_RESP_ERR__STATE).code == base::ErrorCode::kKafka);
  CHECK(judged(RD_KAFKA_RESP_ERR__STATE).message == "told");
}
