#include <headrace/source/kafka/trouble.hpp>

#include <headrace/source/kafka/errors.hpp>

namespace headrace::source {

void TroubleEvents::on_error(rd_kafka_resp_err_t error, std::string_view reason) noexcept {
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    all_down_ = true;
    if (!trouble_.empty()) return;  // "1/1 brokers are down" says less than what came before it
  }
  trouble_ = reach_failure(reason, bootstrap_);
  if (code_of(error) == base::ErrorCode::kAuthentication) {
    refused_ = kafka_error_text(error, trouble_);
  }
}

base::Error TroubleEvents::explain(rd_kafka_t* client, rd_kafka_resp_err_t error,
                                   std::string_view what) {
  rd_kafka_poll(client, 0);
  if (refused_) return *refused_;
  base::Error plain = kafka_error(error, what);
  return plain.code == base::ErrorCode::kBrokerUnavailable ? unreachable() : plain;
}

base::Error TroubleEvents::unreachable() const {
  return kafka_error_text(
      RD_KAFKA_RESP_ERR__TRANSPORT,
      trouble_.empty() ? "cannot reach " + bootstrap_ + ": no answer" : trouble_);
}

}  // namespace headrace::source
