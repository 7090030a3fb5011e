// Transactions over the output's partitions and the group's positions, as Kafka 3 and 4 keep them
// for clients of the first transaction protocol (which librdkafka speaks).
//
// A transactional id has an epoch: init() begins a new one, which ends what the former left open.
// An answer to end() comes when the decision is kept; the markers that carry it out follow one by
// one. A request for a partition that is not in the producer's open transaction is refused, as
// brokers do since 3.7; one of the present epoch is taken for the present transaction, however old
// it is.
//
// Thread contract: one thread.
// Cost: that of a few small maps; an event a marker.
//
//   Broker broker(world, settings, reader);
//   Broker::Inited i = broker.init("app-0");
//   broker.add_partitions("app-0", i.epoch, {0}); broker.produce("app-0", i.epoch, 0, 0, rows);
//   broker.end("app-0", i.epoch, true);
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "group.hpp"
#include "output_log.hpp"

namespace headrace::simulation {

class Broker {
 public:
  struct Settings {
    int outputs = 1;                  // partitions of the output topic
    Time transaction = 20 * kSecond;  // one that is open for longer is aborted
    Time slowest_marker = 5 * kMs;
    Group::Settings group;
  };
  struct Inited {
    Code code = Code::kOk;
    int epoch = -1;
  };

  Broker(World& world, const Settings& settings, const OutputLog::Reader& reader);

  Inited init(const std::string& id);
  Code add_partitions(const std::string& id, int epoch, const std::set<int>& outputs);
  Code add_positions(const std::string& id, int epoch);
  Code produce(const std::string& id, int epoch, int output, std::int64_t sequence,
               std::span<const Row> rows);
  Code send_positions(const std::string& id, int epoch, const Membership& membership,
                      std::span<const sink::Position> positions);
  Code end(const std::string& id, int epoch, bool commit);

  [[nodiscard]] Group& group() noexcept { return group_; }
  [[nodiscard]] bool is_down() const noexcept { return world_.now() < down_until_; }
  // Nothing is answered for so long; what was acknowledged is kept.
  void restart(Time time);

 private:
  enum class State : std::uint8_t { kEmpty, kOngoing, kEnding, kEnded };
  struct Transaction {
    int epoch = -1;
    State state = State::kEmpty;
    bool commit = false;       // of kEnding, kEnded
    std::uint64_t number = 0;  // counts them
    std::set<int> outputs;
    bool positions = false;
    std::size_t markers = 0;  // that have not been written yet
  };

  // kOk where the transaction is open now.
  Code open(Transaction& transaction, const std::string& id, int epoch);
  void begin_end(Transaction& transaction, const std::string& id, bool commit);
  // `output` -1: positions.
  void write_marker(const std::string& id, int output);

  World& world_;
  Settings settings_;
  Time down_until_ = 0;
  std::vector<OutputLog> outputs_;
  Group group_;
  std::map<std::string, Transaction> transactions_;
};

}  // namespace headrace::simulation
