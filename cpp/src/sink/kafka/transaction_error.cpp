#include <headrace/sink/kafka/transaction_error.hpp>

#include <librdkafka/rdkafka.h>

#include <headrace/source/kafka/errors.hpp>

namespace headrace::sink {
namespace {

// A record that no producer will ever get in.
bool is_refused(int code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return true;
    default:
      return false;
  }
}

}  // namespace

base::Error of_transaction(base::Error error) {
  if (source::is_fenced(static_cast<rd_kafka_resp_err_t>(error.native_code)))
    error.code = base::ErrorCode::kFenced;
  error.retriable = !is_refused(error.native_code);
  return error;
}

}  // namespace headrace::sink
