#include "broker.hpp"

namespace headrace::simulation {

Broker::Broker(World& world, const Settings& settings, const OutputLog::Reader& reader)
    : world_(world), settings_(settings), group_(world, settings.group) {
  for (int output = 0; output < settings.outputs; ++output) outputs_.emplace_back(reader);
}

Broker::Inited Broker::init(const std::string& id) {
  Transaction& transaction = transactions_[id];
  if (transaction.state == State::kEnding) return {.code = Code::kAgain};
  ++transaction.epoch;
  if (transaction.state == State::kOngoing) {
    begin_end(transaction, id, false);
    return {.code = Code::kAgain};
  }
  transaction.state = State::kEmpty;
  return {.epoch = transaction.epoch};
}

Code Broker::open(Transaction& transaction, const std::string& id, int epoch) {
  if (epoch != transaction.epoch) return Code::kFenced;
  if (transaction.state == State::kEnding) return Code::kAgain;
  if (transaction.state == State::kOngoing) return Code::kOk;
  transaction.state = State::kOngoing;
  transaction.outputs.clear();
  transaction.positions = false;
  const std::uint64_t number = ++transaction.number;
  world_.after(settings_.transaction, [this, &transaction, id, number] {
    if (transaction.number != number || transaction.state != State::kOngoing) return;
    if (world_.traces()) world_.trace("broker: transaction of " + id + " is too old");
    ++transaction.epoch;
    begin_end(transaction, id, false);
  });
  return Code::kOk;
}

Code Broker::add_partitions(const std::string& id, int epoch, const std::set<int>& outputs) {
  Transaction& transaction = transactions_[id];
  const Code code = open(transaction, id, epoch);
  if (code == Code::kOk) transaction.outputs.insert(outputs.begin(), outputs.end());
  return code;
}

Code Broker::add_positions(const std::string& id, int epoch) {
  Transaction& transaction = transactions_[id];
  const Code code = open(transaction, id, epoch);
  if (code == Code::kOk) transaction.positions = true;
  return code;
}

Code Broker::produce(const std::string& id, int epoch, int output, std::int64_t sequence,
                     std::span<const Row> rows) {
  const Transaction& transaction = transactions_[id];
  OutputLog& log = outputs_[static_cast<std::size_t>(output)];
  // Verified with the coordinator only where the partition knows of no transaction.
  if (!log.is_open(id, epoch)) {
    if (epoch != transaction.epoch) return Code::kFenced;
    if (transaction.state != State::kOngoing || !transaction.outputs.contains(output)) {
      return Code::kInvalidState;
    }
  }
  return log.append(id, epoch, sequence, rows);
}

Code Broker::send_positions(const std::string& id, int epoch, const Membership& membership,
                            std::span<const sink::Position> positions) {
  const Transaction& transaction = transactions_[id];
  if (epoch != transaction.epoch) return Code::kFenced;
  if (!group_.pending(id) && (transaction.state != State::kOngoing || !transaction.positions)) {
    return Code::kInvalidState;
  }
  return group_.send_positions(membership, id, positions);
}

Code Broker::end(const std::string& id, int epoch, bool commit) {
  Transaction& transaction = transactions_[id];
  if (epoch != transaction.epoch) return Code::kFenced;
  switch (transaction.state) {
    case State::kEmpty:
      return Code::kInvalidState;
    case State::kOngoing:
      begin_end(transaction, id, commit);
      return Code::kOk;
    case State::kEnding:
      return transaction.commit == commit ? Code::kAgain : Code::kInvalidState;
    case State::kEnded:
      return transaction.commit == commit ? Code::kOk : Code::kInvalidState;
  }
  return Code::kInvalidState;
}

void Broker::begin_end(Transaction& transaction, const std::string& id, bool commit) {
  if (world_.traces()) {
    world_.trace("broker: transaction " + std::to_string(transaction.number) + " of " + id +
                 (commit ? " is committed" : " is aborted"));
  }
  transaction.state = State::kEnding;
  transaction.commit = commit;
  transaction.markers = transaction.outputs.size() + (transaction.positions ? 1 : 0);
  if (transaction.markers == 0) transaction.state = State::kEnded;
  for (const int output : transaction.outputs) write_marker(id, output);
  if (transaction.positions) write_marker(id, -1);
}

void Broker::write_marker(const std::string& id, int output) {
  world_.after(world_.between(kMs / 5, settings_.slowest_marker), [this, id, output] {
    if (is_down()) return write_marker(id, output);
    Transaction& transaction = transactions_[id];
    if (output < 0) {
      group_.end(id, transaction.commit);
    } else {
      outputs_[static_cast<std::size_t>(output)].mark(
          id, transaction.epoch, transaction.commit ? Marker::kCommit : Marker::kAbort);
    }
    if (--transaction.markers == 0) transaction.state = State::kEnded;
  });
}

void Broker::restart(Time time) {
  if (world_.traces()) world_.trace("broker: down for " + std::to_string(time / kMs) + " ms");
  down_until_ = world_.now() + time;
  world_.after(time, [this] { group_.restarted(); });
}

}  // namespace headrace::simulation
