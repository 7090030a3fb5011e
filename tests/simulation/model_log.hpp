// The TransactionLog of the simulation: a client of the model broker with the deadlines of the real
// one (sink/kafka/kafka_transactions.cpp).
//
// Thread contract: the fiber of its process.
// Cost: that of its messages.
//
//   ModelLog log(process, network, broker, {.id = "app-0", .outputs = 2, .membership = [] {...}});
//   sink::Committer committer(log, is_ours);
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "network.hpp"

#include <headrace/sink/transaction_log.hpp>

namespace headrace::simulation {

// What is written: rows, carried where the engine carries a batch.
struct Rows : record::RecordBatch {
  std::vector<Row> values;
};

// The output partition that a row goes to: those of one record may go to several.
[[nodiscard]] constexpr int output_of(const Row& row, int outputs) noexcept {
  return static_cast<int>((row.offset + row.part + row.input) % outputs);
}

class ModelLog final : public sink::TransactionLog {
 public:
  struct Config {
    std::string id;
    int outputs = 1;
    std::function<base::Result<std::string>()> membership;
  };

  ModelLog(const std::shared_ptr<Process>& process, Network& network, Broker& broker,
           Config config);

  base::Status init() override;
  base::Status begin() override;
  base::Status write(const sink::Output& output) override;
  base::Status flush() override;
  base::Result<std::string> membership() override;
  base::Status send_positions(const std::string& membership,
                              std::span<const sink::Position> positions) override;
  base::Status commit() override;
  base::Result<std::vector<sink::Mark>> committed(
      std::span<const sink::Partition> partitions) override;
  void renew() noexcept override;
  base::Status rest(std::chrono::milliseconds time) override;
  void cancel() noexcept override {}

  // Ends what is open with the present producer; for those who do not renew it.
  void abort();

 private:
  struct Session;
  using SessionPtr = std::shared_ptr<Session>;

  void send(const SessionPtr& session, int output);
  void add(const SessionPtr& session, int output);
  void finished(const SessionPtr& session, Code code);
  // Until an answer other than kAgain.
  Code until_done(Time time, const std::function<Code()>& at_broker);
  [[nodiscard]] std::shared_ptr<Process> process() const { return process_.lock(); }
  void called(const char* what);

  std::weak_ptr<Process> process_;
  World& world_;
  Network& network_;
  Broker& broker_;
  Config config_;
  SessionPtr session_;
};

}  // namespace headrace::simulation
