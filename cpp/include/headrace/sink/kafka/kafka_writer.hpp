// Rows as JSON records and rejects as dead letters, into a producer.
//
// Each row becomes one record, keyed by the schema's key column, stamped with the row's event time.
// A dead letter keeps its original key and value and says in its headers where it came from and why
// it was set aside.
//
// Thread contract: one thread at a time.
// Cost: about 1 µs a row of ten columns.
// Lifetime: the producer is the caller's, and may be another one with every call.
//
//   KafkaWriter writer({.topic = "signals", .dead_letter_topic = "signals.rejected"});
//   base::Status s = writer.write(producer, batch);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <headrace/record/reject.hpp>
#include <headrace/sink/arrow_encoder.hpp>
#include <headrace/sink/json_encoder.hpp>
#include <headrace/sink/kafka/producer.hpp>
#include <headrace/source/kafka/message_headers.hpp>

namespace headrace::sink {

struct KafkaTopics {
  std::string topic;              // empty: rows are not written (dead letters only)
  std::string dead_letter_topic;  // empty: dead letters are not written
  std::string key_column;         // empty: the schema's key; without one, null keys
  // Name of a source topic for the dead letters' header; index = TaskId::topic.
  std::function<std::string(std::int32_t)> source_topic;
  // Rows of a key are written together, as Arrow streams, not each as a JSON object.
  bool arrow = false;
};

// InvalidArgument where neither topic is given, or one is no topic name.
[[nodiscard]] base::Status check(const KafkaTopics& topics);

class KafkaWriter {
 public:
  explicit KafkaWriter(KafkaTopics topics) : topics_(std::move(topics)) {}

  [[nodiscard]] base::Status write(KafkaProducer& producer, const record::RecordBatch& batch);
  [[nodiscard]] base::Status write(KafkaProducer& producer,
                                   std::span<const record::Reject> rejects);
  [[nodiscard]] const KafkaTopics& topics() const noexcept { return topics_; }
  // Dead letters that were found too large are cut to half a MiB from now on; false where they are
  // already.
  [[nodiscard]] bool shorten_dead_letters() noexcept;

 private:
  void append_keys(const record::RecordBatch& batch);
  [[nodiscard]] std::optional<std::string_view> key_of(std::size_t row) const;
  // A record whose value is what was appended to values_ last; key and time are those of `row`.
  void add_record(const record::RecordBatch& batch, std::size_t row);
  void add_objects(const record::RecordBatch& batch);
  void add_streams(const record::RecordBatch& batch);
  // Of rows that have one key: one where it is small enough, else several.
  void add_stream(const record::RecordBatch& batch, std::span<const std::uint32_t> rows);
  [[nodiscard]] base::Status prepare(const record::RecordBatch& batch);
  [[nodiscard]] base::Status write_reject(KafkaProducer& producer, const record::Reject& reject);
  // The text of the key of a row; false where it has none.
  [[nodiscard]] bool append_key(const record::RecordBatch& batch, std::size_t row);

  KafkaTopics topics_;
  std::optional<JsonEncoder> json_;
  std::optional<ArrowEncoder> arrow_;
  int key_column_ = -1;
  std::size_t dead_letter_cap_ = SIZE_MAX;
  std::string values_;  // of a whole batch; records point into it
  std::string keys_;
  std::vector<std::size_t> value_ends_;  // by record
  std::vector<std::size_t> key_ends_;    // by row
  std::vector<bool> has_key_;
  std::vector<ProducerRecord> records_;
};

// Header names of a dead letter, each with its value as text.
inline constexpr std::string_view kHeaderTopic = "headrace.topic";
inline constexpr std::string_view kHeaderPartition = "headrace.partition";
inline constexpr std::string_view kHeaderOffset = "headrace.offset";
inline constexpr std::string_view kHeaderTimestamp = "headrace.timestamp_ms";
inline constexpr std::string_view kHeaderReason = "headrace.reason";
inline constexpr std::string_view kHeaderField = "headrace.field";
inline constexpr std::string_view kHeaderDetail = "headrace.detail";  // at most 256 bytes
// How often the record was set aside so far: 1 at the first time.
inline constexpr std::string_view kHeaderAttempt = source::kHeaderAttempt;
// How many bytes the value had where it was cut, and their CRC-32C as eight hexadecimal digits.
inline constexpr std::string_view kHeaderBytes = "headrace.value_bytes";
inline constexpr std::string_view kHeaderChecksum = "headrace.value_crc32c";
// "row" where the value is the decoded row as JSON, "none" where there is none: the original bytes
// were gone, or never came.
inline constexpr std::string_view kHeaderForm = "headrace.value_form";

}  // namespace headrace::sink
