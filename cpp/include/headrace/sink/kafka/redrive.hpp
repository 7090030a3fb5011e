// Dead letters on their way back: records, and how far the dead-letter topic is done with, in one
// transaction.
//
// What is done is kept as positions of a group that nobody joins. The transactional id is that of
// the group, so whoever opens it ends what a predecessor left open, and knows from the positions
// what was written. Nothing is assumed of a call that failed: open() again and look.
//
// Thread contract: one thread.
// Cost: a transaction is three round trips; open() three, and a client of its own.
//
//   auto redrive = Redrive::create({.client = {.bootstrap = "localhost:9092"}}, "mended");
//   auto done = (*redrive)->open({{.topic = "signals.rejected", .partition = 0}});
//   base::Status s = (*redrive)->write(records, new_positions);
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <headrace/sink/kafka/producer.hpp>

namespace headrace::sink {

class Redrive {
 public:
  // Only checks the settings.
  [[nodiscard]] static base::Result<std::unique_ptr<Redrive>> create(ProducerConfig config,
                                                                     std::string group);
  ~Redrive();
  Redrive(const Redrive&) = delete;
  Redrive& operator=(const Redrive&) = delete;

  // Fences every predecessor and gives the positions that are committed then; -1 where there is
  // none. Before the first write() and after each error.
  [[nodiscard]] base::Result<std::vector<GroupOffset>> open(
      std::span<const GroupOffset> partitions);
  // All or nothing. kFenced where somebody else has opened the group since.
  [[nodiscard]] base::Status write(std::span<const ProducerRecord> records,
                                   std::span<const GroupOffset> positions);

 private:
  Redrive(ProducerConfig config, std::string group)
      : config_(std::move(config)), group_(std::move(group)) {}
  void give_up() noexcept;

  ProducerConfig config_;
  std::string group_;
  std::unique_ptr<KafkaProducer> producer_;
};

}  // namespace headrace::sink
