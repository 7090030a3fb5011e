// Callbacks of a client that is asked, not read: keeps the last connection trouble, which is the
// reason behind a "timed out".
//
// Thread contract: one thread at a time, which also polls the client.
// Cost: for the error path only.
//
//   TroubleEvents events(client);
//   if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return events.explain(rk, error, "list of topics");
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <headrace/source/kafka/client.hpp>

namespace headrace::source {

class TroubleEvents final : public ClientEvents {
 public:
  explicit TroubleEvents(const ClientConfig& client) : ClientEvents(client), client_(client) {}

  void on_error(rd_kafka_resp_err_t error, std::string_view reason) noexcept override;

  // What a failed call means, with the reason where one is known.
  [[nodiscard]] base::Error explain(rd_kafka_t* client, rd_kafka_resp_err_t error,
                                    std::string_view what);
  // That nobody answered, and why.
  [[nodiscard]] base::Error unreachable() const;
  // The broker said no to who we are: waiting does not help.
  [[nodiscard]] const std::optional<base::Error>& refused() const noexcept { return refused_; }
  // Every address was tried in vain, and none has answered since.
  [[nodiscard]] bool all_down() const noexcept { return all_down_; }
  void answered() noexcept {
    all_down_ = false;
    trouble_.reset();
  }

 private:
  ClientConfig client_;
  std::optional<base::Error> trouble_;
  std::optional<base::Error> refused_;
  bool all_down_ = false;
};

}  // namespace headrace::source
