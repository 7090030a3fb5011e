#include <headrace/source/kafka/link.hpp>

#include <utility>

#include <headrace/source/kafka/errors.hpp>

namespace headrace::source {

std::optional<base::Error> Link::trouble(rd_kafka_resp_err_t error, std::string_view reason,
                                         std::string_view logged) {
  const bool all_brokers = error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
  if (all_brokers) {
    take_cause(logged);  // "1/1 brokers are down" says less than what came before it
  } else {
    cause_ = connection_error(error, reason, client_);
  }
  if (cause_ && !cause_->retriable && !ever_answered_) return cause_;
  if (out_ || (ever_answered_ && !all_brokers)) return std::nullopt;
  broken_ = out_ = true;
  return kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT, cause() + "; retrying");
}

// Some causes are logged and never reported.
void Link::take_cause(std::string_view logged) {
  if (cause_ || logged.empty()) return;
  cause_ = connection_error(RD_KAFKA_RESP_ERR__TRANSPORT, logged, client_);
}

base::Error Link::unanswered(std::string_view logged) {
  broken_ = out_ = true;
  ++attempts_;
  take_cause(logged);
  return kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT,
                          cause() + "; retrying (attempt " + std::to_string(attempts_) + ')');
}

std::string Link::cause() const {
  return cause_ ? cause_->message : "cannot reach " + client_.bootstrap + ": no answer";
}

bool Link::healed() noexcept {
  ever_answered_ = true;
  out_ = false;
  cause_.reset();
  attempts_ = 0;
  return std::exchange(broken_, false);
}

}  // namespace headrace::source
