#include "model_log.hpp"

#include <deque>
#include <utility>

namespace headrace::simulation {
namespace {

// As in kafka_transactions.cpp.
constexpr Time kInit = 10 * kSecond;
constexpr Time kFlush = 30 * kSecond;
constexpr Time kCall = 8 * kSecond;
constexpr Time kAsk = 5 * kSecond;
constexpr Time kRetry = 20 * kMs;

base::Error failed(const char* what, std::optional<Code> code) {
  const bool fenced = code == Code::kFenced;
  return {.code = fenced ? base::ErrorCode::kFenced : base::ErrorCode::kKafka,
          .message = std::string(what) + ": " + (code ? name_of(*code) : "no answer"),
          .retriable = true};
}

}  // namespace

// A producer and what it has under way.
struct ModelLog::Session {
  struct Queue {
    std::deque<std::vector<Row>> waiting;  // for the partition to be added
    std::int64_t next = 0;                 // sequence
    bool adding = false;
    bool added = false;  // to the open transaction
  };
  int epoch = -1;
  std::map<int, Queue> queues;
  std::size_t unanswered = 0;  // batches
  bool used = false;           // the open transaction is known to the broker
  std::optional<Code> trouble;
};

ModelLog::ModelLog(const std::shared_ptr<Process>& process, Network& network, Broker& broker,
                   Config config)
    : process_(process),
      world_(process->world()),
      network_(network),
      broker_(broker),
      config_(std::move(config)) {}

void ModelLog::called(const char* what) {
  const std::shared_ptr<Process> self = process();
  if (self->traces()) self->trace(what);
  self->step();
}

Code ModelLog::until_done(Time time, const std::function<Code()>& at_broker) {
  const Time until = world_.now() + time;
  const std::shared_ptr<Process> self = process();
  for (;;) {
    const std::optional<Code> answer = network_.ask<Code>(self, until, at_broker);
    if (!answer) return Code::kAgain;
    if (*answer != Code::kAgain) return *answer;
    if (self->wait(world_.now() + kRetry, [&] { return world_.now() >= until; })) return *answer;
  }
}

base::Status ModelLog::init() {
  called("init");
  auto epoch = std::make_shared<int>(-1);
  const Code code = until_done(kInit, [this, epoch] {
    const Broker::Inited inited = broker_.init(config_.id);
    *epoch = inited.epoch;
    return inited.code;
  });
  if (code != Code::kOk) return failed("init", code);
  session_ = std::make_shared<Session>();
  session_->epoch = *epoch;
  return {};
}

base::Status ModelLog::begin() {
  called("begin");
  if (session_->trouble) return failed("begin", session_->trouble);
  session_->used = false;
  for (auto& [output, queue] : session_->queues) queue.added = false;
  return {};
}

base::Status ModelLog::write(const sink::Output& output) {
  called("write");
  if (session_->trouble) return failed("write", session_->trouble);
  std::map<int, std::vector<Row>> by_output;
  for (const Row& row : static_cast<const Rows&>(*output.rows).values) {
    by_output[output_of(row, config_.outputs)].push_back(row);
  }
  for (auto& [to, rows] : by_output) {
    session_->queues[to].waiting.push_back(std::move(rows));
    ++session_->unanswered;
    session_->used = true;
    send(session_, to);
  }
  return {};
}

void ModelLog::add(const SessionPtr& session, int output) {
  Session::Queue& queue = session->queues[output];
  if (std::exchange(queue.adding, true)) return;
  network_.request<Code>(
      process(),
      [this, session, output] {
        return broker_.add_partitions(config_.id, session->epoch, {output});
      },
      [this, session, output](const Code& code) {
        Session::Queue& of = session->queues[output];
        of.adding = false;
        if (session != session_) return;
        if (code == Code::kAgain) {
          process()->post(kRetry, [this, session, output] { send(session, output); });
        } else if (code != Code::kOk) {
          finished(session, code);
        } else {
          of.added = true;
          send(session, output);
        }
      });
}

// What waits, as soon as its partition is in the transaction.
void ModelLog::send(const SessionPtr& session, int output) {
  if (session != session_ || session->trouble) return;
  Session::Queue& queue = session->queues[output];
  if (queue.waiting.empty()) return;
  if (!queue.added) return add(session, output);
  for (; !queue.waiting.empty(); queue.waiting.pop_front()) {
    auto again = std::make_shared<std::function<void()>>();
    *again = [this, session, output, sequence = queue.next++, rows = queue.waiting.front(),
              weak = std::weak_ptr(again)] {
      network_.request<Code>(
          process(),
          [this, session, output, sequence, rows] {
            return broker_.produce(config_.id, session->epoch, output, sequence, rows);
          },
          [this, session, keep = weak.lock()](const Code& code) {
            if (session != session_) return;
            if (code == Code::kOutOfOrder) {  // it has overtaken another one
              process()->post(kRetry, [session, keep, this] {
                if (session == session_) (*keep)();
              });
            } else {
              finished(session, code);
            }
          });
    };
    (*again)();
  }
}

void ModelLog::finished(const SessionPtr& session, Code code) {
  if (code == Code::kOk) {
    --session->unanswered;
  } else {
    session->trouble = code;
  }
  process()->wake();
}

base::Status ModelLog::flush() {
  called("flush");
  const SessionPtr session = session_;
  const bool done = process()->wait(world_.now() + kFlush,
                                    [&] { return session->trouble || session->unanswered == 0; });
  if (session->trouble || !done) return failed("flush", session->trouble);
  return {};
}

base::Result<std::string> ModelLog::membership() {
  called("membership");
  return config_.membership();
}

base::Status ModelLog::send_positions(const std::string& membership,
                                      std::span<const sink::Position> positions) {
  called("send_positions");
  if (positions.empty()) return {};
  const int epoch = session_->epoch;
  session_->used = true;
  const Time until = world_.now() + kCall;
  Code code = until_done(kCall, [this, epoch] { return broker_.add_positions(config_.id, epoch); });
  if (code == Code::kOk) {
    code = until_done(until - world_.now(), [this, epoch, membership,
                                             copy = std::vector<sink::Position>(positions.begin(),
                                                                                positions.end())] {
      return broker_.send_positions(config_.id, epoch, membership_from(membership), copy);
    });
  }
  if (code != Code::kOk) return failed("send_positions", code);
  return {};
}

base::Status ModelLog::commit() {
  called("commit");
  if (!session_->used) return {};
  const int epoch = session_->epoch;
  const Code code =
      until_done(kCall, [this, epoch] { return broker_.end(config_.id, epoch, true); });
  process()->step();
  if (code != Code::kOk) return failed("commit", code);
  return {};
}

void ModelLog::abort() {
  const int epoch = session_->epoch;
  if (session_->used) {
    until_done(kCall, [this, epoch] { return broker_.end(config_.id, epoch, false); });
  }
  auto session = std::make_shared<Session>();
  session->epoch = epoch;
  for (const auto& [output, queue] : session_->queues) session->queues[output].next = queue.next;
  session_ = std::move(session);
}

base::Result<std::vector<sink::Mark>> ModelLog::committed(
    std::span<const sink::Partition> partitions) {
  called("committed");
  auto marks = std::make_shared<std::vector<sink::Mark>>();
  const Code code = until_done(
      kAsk,
      [this, marks, asked = std::vector<sink::Partition>(partitions.begin(), partitions.end())] {
        marks->assign(asked.size(), {});
        for (std::size_t i = 0; i < asked.size(); ++i) {
          const Code one = broker_.group().committed(asked[i].second, (*marks)[i]);
          if (one != Code::kOk) return one;
        }
        return Code::kOk;
      });
  if (code != Code::kOk) return failed("committed", code);
  return *marks;
}

void ModelLog::renew() noexcept { session_.reset(); }

base::Status ModelLog::rest(std::chrono::milliseconds time) {
  process()->wait(world_.now() + time.count() * kMs, [] { return false; });
  return {};
}

}  // namespace headrace::simulation
