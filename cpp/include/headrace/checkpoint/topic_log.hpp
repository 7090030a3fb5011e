// A compacted topic as a place for named bytes: the newest of each name counts, an empty one
// removes it.
//
// Thread contract: one thread at a time.
// Cost: writing is one copy into the client's queue, reading none; a Cursor connects anew. Every
//   call ends: after kPatience without any progress it is an error.
//
//   std::unique_ptr<TopicLog> log = TopicLog::open(client, "checkpoints").value_or_throw();
//   base::Status s = log->send(0, "name", bytes);
//   if (s) s = log->flush();                       // now it survives
//   base::Result<TopicLog::Cursor> cursor = log->read(0, 0);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <headrace/base/error.hpp>
#include <headrace/sink/kafka/producer.hpp>
#include <headrace/source/kafka/admin.hpp>
#include <headrace/source/kafka/config.hpp>
#include <headrace/source/source.hpp>

namespace headrace::checkpoint {

class TopicLog {
 public:
  static constexpr std::chrono::milliseconds kPatience{15'000};
  // Below what brokers take in one record by default.
  static constexpr std::size_t kLargest = 900'000;
  // Of a topic that is made here: the first is for what is read often.
  static constexpr int kPartitions = 4;

  // The topic is made, compacted, where it does not exist and `make` says so.
  [[nodiscard]] static base::Result<std::unique_ptr<TopicLog>> open(source::ClientConfig client,
                                                                    const std::string& topic,
                                                                    bool make = true);

  [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
  [[nodiscard]] std::int32_t partitions() const noexcept { return partitions_; }

  // Of one partition in the order they were sent. `value`: kLargest at most.
  [[nodiscard]] base::Status send(std::int32_t partition, std::string_view key,
                                  std::span<const std::byte> value);
  [[nodiscard]] base::Status remove(std::int32_t partition, std::string_view key);
  // What was sent is acknowledged by all replicas in sync. After an error, of send too, nothing is
  // known of what was sent since the last flush, and nothing more of it is sent.
  [[nodiscard]] base::Status flush();
  // By partition: the offset behind the newest record.
  [[nodiscard]] base::Result<std::vector<std::int64_t>> ends();

  // Records of one partition, one after another, up to where its end was at the beginning.
  class Cursor {
   public:
    // Null at the end. Borrowed: valid until the next call.
    [[nodiscard]] base::Result<const source::RawRecord*> next();

   private:
    friend TopicLog;
    Cursor(std::unique_ptr<source::Source> source, std::int32_t partition)
        : source_(std::move(source)), partition_(partition) {}
    std::unique_ptr<source::Source> source_;
    std::int32_t partition_;
    std::span<const source::RawRecord> records_;
    bool end_ = false;
  };
  [[nodiscard]] base::Result<Cursor> read(std::int32_t partition, std::int64_t from);

 private:
  TopicLog(source::ClientConfig client, std::string topic, source::KafkaAdmin admin)
      : client_(std::move(client)), topic_(std::move(topic)), admin_(std::move(admin)) {}
  base::Status find(bool make);
  base::Status send_record(const sink::ProducerRecord& record);
  base::Status give_up(base::Error error);

  source::ClientConfig client_;
  std::string topic_;
  source::KafkaAdmin admin_;
  std::unique_ptr<sink::KafkaProducer> producer_;  // null: to be made
  std::int32_t partitions_ = 0;
};

}  // namespace headrace::checkpoint
