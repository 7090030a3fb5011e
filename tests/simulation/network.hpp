// The way between clients and broker: delays, requests and answers that get lost, requests that
// arrive when nobody waits for them any more.
//
// What is lost, request or answer, has the client send again on its own, as librdkafka does after a
// broken connection; the lost request never arrives later, as what was on a closed connection does
// not. What is held comes up to a minute late, and nothing is sent again before that: the client's
// own deadline gives it up.
//
// Thread contract: one thread.
// Cost: two events a request.
//
//   network.request<Broker::Inited>(process, [&] { return broker.init("app-0"); },
//                                   [&](const Broker::Inited& answer) {...});
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

#include "broker.hpp"
#include "process.hpp"

namespace headrace::simulation {

class Network {
 public:
  struct Settings {
    Time slowest = 3 * kMs;  // of an ordinary message
    int lost = 0;            // in a thousand
    int held = 0;
    Time longest_hold = 40 * kSecond;
  };

  Network(World& world, Broker& broker) : world_(world), broker_(broker) {}

  void set(const Settings& settings) noexcept { settings_ = settings; }
  // After this nothing arrives that was held.
  [[nodiscard]] Time quiet_from() const noexcept { return quiet_from_; }

  // `back` is called once at most, and by a process that lives. With `in_order` it is never held.
  template <class Answer>
  void request(const std::shared_ptr<Process>& from, std::function<Answer()> at_broker,
               std::function<void(const Answer&)> back, bool in_order = false);
  // The same for a fiber, which waits; nothing where there was no answer in time.
  template <class Answer>
  std::optional<Answer> ask(const std::shared_ptr<Process>& from, Time deadline,
                            std::function<Answer()> at_broker);

 private:
  [[nodiscard]] Time delay() noexcept { return world_.between(kMs / 10, settings_.slowest); }
  [[nodiscard]] Time retry() noexcept { return world_.between(75 * kMs, 400 * kMs); }

  World& world_;
  Broker& broker_;
  Settings settings_;
  Time quiet_from_ = 0;
};

template <class Answer>
void Network::request(const std::shared_ptr<Process>& from, std::function<Answer()> at_broker,
                      std::function<void(const Answer&)> back, bool in_order) {
  if (world_.chance(settings_.lost)) {
    from->post(retry(), [this, weak = std::weak_ptr(from), at_broker = std::move(at_broker),
                         back = std::move(back), in_order]() mutable {
      if (const auto self = weak.lock())
        request(self, std::move(at_broker), std::move(back), in_order);
    });
    return;
  }
  const bool held = !in_order && world_.chance(settings_.held);
  const Time time = held ? world_.between(50 * kMs, settings_.longest_hold) : delay();
  if (held) quiet_from_ = std::max(quiet_from_, world_.now() + time);
  world_.after(time, [this, weak = std::weak_ptr(from), at_broker = std::move(at_broker),
                      back = std::move(back), in_order]() mutable {
    const std::shared_ptr<Process> self = weak.lock();
    const bool down = broker_.is_down();
    std::optional<Answer> answer;
    if (!down) answer = at_broker();
    if (!self) return;
    if (down || world_.chance(settings_.lost)) {
      self->post(retry(), [this, weak, at_broker = std::move(at_broker), back = std::move(back),
                           in_order]() mutable {
        if (const auto still = weak.lock())
          request(still, std::move(at_broker), std::move(back), in_order);
      });
      return;
    }
    // An answer that is held is as good as none: the client has given up by then.
    const bool late = !in_order && world_.chance(settings_.held);
    self->post(late ? settings_.longest_hold : delay(),
               [answer = *std::move(answer), back = std::move(back)] { back(answer); });
  });
}

template <class Answer>
std::optional<Answer> Network::ask(const std::shared_ptr<Process>& from, Time deadline,
                                   std::function<Answer()> at_broker) {
  auto box = std::make_shared<std::optional<Answer>>();
  request<Answer>(from, std::move(at_broker), [box, process = from.get()](const Answer& answer) {
    *box = answer;
    process->wake();
  });
  from->wait(deadline, [&] { return box->has_value(); });
  return *box;
}

}  // namespace headrace::simulation
