#include <headrace/source/kafka/trouble.hpp>

#include <headrace/source/kafka/errors.hpp>

namespace headrace::source {

void TroubleEvents::on_error(rd_kafka_resp_err_t error, std::string_view reason) noexcept {
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    all_down_ = true;
    return;  // "1/1 brokers are down" says less than what came before it
  }
  trouble_ = connection_error(error, reason, client_);
  if (!trouble_->retriable) refused_ = trouble_;
}

base::Error TroubleEvents::explain(rd_kafka_t* client, rd_kafka_resp_err_t error,
                                   std::string_view what) {
  rd_kafka_poll(client, 0);
  if (refused_) return *refused_;
  base::Error plain = kafka_error(error, what);
  return plain.code == base::ErrorCode::kBrokerUnavailable ? unreachable() : plain;
}

base::Error TroubleEvents::unreachable() const {
  if (trouble_) return *trouble_;
  const std::string failure = last_failure();
  if (!failure.empty()) return connection_error(RD_KAFKA_RESP_ERR__TRANSPORT, failure, client_);
  return kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT,
                          "cannot reach " + client_.bootstrap + ": no answer");
}

}  // namespace headrace::source
