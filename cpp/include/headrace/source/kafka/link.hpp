// Whether the cluster can be reached, as one line for a user instead of a stream of errors.
//
// librdkafka reports every closed connection and every failed attempt; most mean nothing because
// another connection or broker serves. A Link keeps the last cause and says "broken" when there was
// never a connection, when all brokers are gone or when a probe went unanswered, and "healed" once.
//
// Thread contract: the ingest thread.
// Cost: for the error path only; healed() is a flag test where nothing was broken.
//
//   Link link(config.client);
//   if (auto error = link.trouble(err, reason, {})) say(EventKind::kBroken, *error);
//   if (link.healed()) say(EventKind::kHealed);
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <librdkafka/rdkafka.h>

#include <headrace/source/kafka/config.hpp>
#include <headrace/source/source.hpp>

namespace headrace::source {

class Link {
 public:
  explicit Link(ClientConfig client) : client_(std::move(client)) {}

  // librdkafka met connection trouble; `logged` is what it logged last of a failed connection. An
  // error where that is worth telling already, not retriable where it ends the stream; where there
  // is none, a probe should tell.
  [[nodiscard]] std::optional<base::Error> trouble(rd_kafka_resp_err_t error,
                                                   std::string_view reason,
                                                   std::string_view logged);
  // A probe went unanswered: the line to show, with the number of the attempt.
  [[nodiscard]] base::Error unanswered(std::string_view logged);
  // Something else does not work that may heal by itself.
  void set_broken() noexcept { broken_ = true; }
  // An answer or a record came. True where that ends trouble that was told.
  [[nodiscard]] bool healed() noexcept;

  [[nodiscard]] bool broken() const noexcept { return broken_; }
  [[nodiscard]] bool ever_answered() const noexcept { return ever_answered_; }
  // Nobody answers.
  [[nodiscard]] bool out() const noexcept { return out_; }
  [[nodiscard]] Connection connection() const noexcept {
    if (!ever_answered_) return Connection::kConnecting;
    return out_ ? Connection::kLost : Connection::kConnected;
  }
  // Why nobody answers: cannot reach 127.0.0.1:9092: connection refused
  [[nodiscard]] std::string cause() const;

 private:
  void take_cause(std::string_view logged);

  ClientConfig client_;
  std::optional<base::Error> cause_;
  bool broken_ = false;
  bool out_ = false;
  bool ever_answered_ = false;
  unsigned attempts_ = 0;
};

}  // namespace headrace::source
