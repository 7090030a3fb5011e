// Whether the cluster can be reached, as one line for a user instead of a stream of errors.
//
// librdkafka reports every closed connection and every failed attempt; most mean nothing because
// another connection or broker serves. A Link keeps the last cause and says "broken" when there was
// never a connection, when all brokers are gone or when a probe went unanswered, and "healed" once.
//
// Thread contract: the ingest thread.
// Cost: for the error path only; healed() is a flag test where nothing was broken.
//
//   Link link("127.0.0.1:9092");
//   if (auto error = link.trouble(reason, false)) say(EventKind::kBroken, *error);
//   if (link.healed()) say(EventKind::kHealed);
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <headrace/base/error.hpp>

namespace headrace::source {

class Link {
 public:
  explicit Link(std::string bootstrap) : bootstrap_(std::move(bootstrap)) {}

  // librdkafka met connection trouble. An error where that is worth telling already; where it is
  // not, a probe should tell.
  [[nodiscard]] std::optional<base::Error> trouble(std::string_view reason, bool all_brokers);
  // A probe went unanswered: the line to show, with the number of the attempt.
  [[nodiscard]] base::Error unanswered();
  // Something else does not work that may heal by itself.
  void set_broken() noexcept { broken_ = true; }
  // An answer or a record came. True where that ends trouble that was told.
  [[nodiscard]] bool healed() noexcept;

  [[nodiscard]] bool broken() const noexcept { return broken_; }
  [[nodiscard]] bool ever_answered() const noexcept { return ever_answered_; }

 private:
  std::string bootstrap_;
  std::string cause_;
  bool broken_ = false;
  bool ever_answered_ = false;
  unsigned attempts_ = 0;
};

}  // namespace headrace::source
