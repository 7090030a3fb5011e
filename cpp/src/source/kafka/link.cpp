#include <headrace/source/kafka/link.hpp>

#include <utility>

#include <headrace/source/kafka/errors.hpp>

namespace headrace::source {

std::optional<base::Error> Link::trouble(std::string_view reason, bool all_brokers) {
  // "1/1 brokers are down" says less than what came before it.
  if (!all_brokers || cause_.empty()) cause_ = reach_failure(reason, bootstrap_);
  if (broken_ || (ever_answered_ && !all_brokers)) return std::nullopt;
  broken_ = true;
  return kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT, cause_ + "; retrying");
}

base::Error Link::unanswered() {
  broken_ = true;
  ++attempts_;
  const std::string cause = cause_.empty() ? "cannot reach " + bootstrap_ + ": no answer" : cause_;
  return kafka_error_text(RD_KAFKA_RESP_ERR__TRANSPORT,
                          cause + "; retrying (attempt " + std::to_string(attempts_) + ')');
}

bool Link::healed() noexcept {
  ever_answered_ = true;
  if (!std::exchange(broken_, false)) return false;
  attempts_ = 0;
  cause_.clear();
  return true;
}

}  // namespace headrace::source
