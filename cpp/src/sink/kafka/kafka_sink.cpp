#include <headrace/sink/kafka/kafka_sink.hpp>

#include <array>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <headrace/sink/json_encoder.hpp>
#include <headrace/source/kafka/settings.hpp>

namespace headrace::sink {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kDetailCap = 256;
constexpr std::int64_t kNanosPerMilli = 1'000'000;

std::int64_t floor_to_millis(std::int64_t ns) {
  return ns / kNanosPerMilli - (ns % kNanosPerMilli < 0 ? 1 : 0);
}

// At most `cap` bytes, not ending within a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t cap) {
  if (text.size() <= cap) return text;
  while (cap > 0 && (static_cast<unsigned char>(text[cap]) & 0xc0U) == 0x80U) --cap;
  return text.substr(0, cap);
}

class KafkaSink final : public Sink {
 public:
  KafkaSink(KafkaSinkConfig config, std::unique_ptr<KafkaProducer> producer)
      : config_(std::move(config)), producer_(std::move(producer)) {}

  base::Status write(const record::BatchPtr& batch) override;
  base::Status write_rejects(std::span<const record::Reject> rejects) override;
  base::Result<bool> flush(milliseconds deadline) override {
    return producer_->try_flush(deadline);
  }
  std::string trouble() const override { return producer_->trouble(); }
  void cancel() noexcept override { producer_->cancel(); }

 private:
  base::Status prepare(const record::RecordBatch& batch);
  base::Status write_reject(const record::Reject& reject);
  // The text of the key of a row; empty and false where it has none.
  bool key_of(const record::RecordBatch& batch, std::size_t row, std::string& out) const;

  KafkaSinkConfig config_;
  std::unique_ptr<KafkaProducer> producer_;
  std::mutex mutex_;  // guards the encoder and its buffers
  std::optional<JsonEncoder> encoder_;
  int key_column_ = -1;
  std::string values_;  // of a whole batch; records point into it
  std::string keys_;
  std::vector<std::size_t> value_ends_;
  std::vector<std::size_t> key_ends_;
  std::vector<ProducerRecord> records_;
};

base::Status KafkaSink::prepare(const record::RecordBatch& batch) {
  if (encoder_ && encoder_->schema() == batch.schema()) return {};
  key_column_ = batch.schema()->key_index();
  if (!config_.key_column.empty()) {
    base::Result<int> index = batch.schema()->require(config_.key_column);
    if (!index) return index.error();
    key_column_ = *index;
  }
  encoder_.emplace(batch.schema());
  return {};
}

bool KafkaSink::key_of(const record::RecordBatch& batch, std::size_t row, std::string& out) const {
  if (key_column_ < 0) return false;
  const record::Column& column = batch.column(static_cast<std::size_t>(key_column_));
  if (!column.is_valid(row)) return false;
  switch (column.type) {
    case record::DType::kString:
      out += column.dictionary->text(column.values<std::int32_t>()[row]);
      break;
    case record::DType::kInt64:
      out += std::to_string(column.values<std::int64_t>()[row]);
      break;
    case record::DType::kTimestamp:
      append_iso8601(column.values<std::int64_t>()[row], out);
      break;
    case record::DType::kFloat64:
      append_json_number(column.values<double>()[row], out);
      break;
    case record::DType::kBool:
      out += column.values<std::uint8_t>()[row] != 0 ? "true" : "false";
      break;
  }
  return true;
}

base::Status KafkaSink::write(const record::BatchPtr& batch) {
  if (config_.topic.empty()) return {};
  const std::lock_guard lock(mutex_);
  if (base::Status ok = prepare(*batch); !ok) return ok;
  values_.clear();
  keys_.clear();
  value_ends_.clear();
  key_ends_.clear();
  records_.assign(batch->rows(), {});
  for (std::size_t row = 0; row < batch->rows(); ++row) {
    encoder_->append_row(*batch, row, values_);
    value_ends_.push_back(values_.size());
    records_[row].has_key = key_of(*batch, row, keys_);
    key_ends_.push_back(keys_.size());
  }
  const auto* times = batch->event_times ? batch->event_times->as<std::int64_t>() : nullptr;
  std::size_t value_from = 0;
  std::size_t key_from = 0;
  for (std::size_t row = 0; row < batch->rows(); ++row) {
    ProducerRecord& r = records_[row];
    r.value = std::string_view(values_).substr(value_from, value_ends_[row] - value_from);
    r.key = std::string_view(keys_).substr(key_from, key_ends_[row] - key_from);
    if (times != nullptr) r.timestamp_ms = floor_to_millis(times[row]);
    value_from = value_ends_[row];
    key_from = key_ends_[row];
  }
  return producer_->produce_batch(config_.topic, records_);
}

base::Status KafkaSink::write_rejects(std::span<const record::Reject> rejects) {
  if (config_.dead_letter_topic.empty()) return {};
  for (const record::Reject& reject : rejects) {
    if (base::Status ok = write_reject(reject); !ok) return ok;
  }
  return {};
}

base::Status KafkaSink::write_reject(const record::Reject& reject) {
  const std::string topic = config_.source_topic ? config_.source_topic(reject.task.topic)
                                                 : std::to_string(reject.task.topic);
  const std::string partition = std::to_string(reject.task.partition);
  const std::string offset = std::to_string(reject.offset);
  const std::string timestamp = std::to_string(reject.timestamp_ms);
  const std::array<std::pair<std::string_view, std::string_view>, 7> headers{{
      {kHeaderTopic, topic},
      {kHeaderPartition, partition},
      {kHeaderOffset, offset},
      {kHeaderTimestamp, timestamp},
      {kHeaderReason, record::info(reject.reason).name},
      {kHeaderField, reject.field},
      {kHeaderDetail, cut(reject.detail, kDetailCap)},
  }};
  ProducerRecord record;
  record.topic = config_.dead_letter_topic;
  record.key = reject.key;
  record.has_key = !reject.key.empty();
  record.value = reject.value;
  record.timestamp_ms = reject.timestamp_ms;
  record.headers = headers;
  return producer_->produce(record);
}

}  // namespace

base::Result<std::unique_ptr<Sink>> make_kafka_sink(KafkaSinkConfig config) {
  if (config.topic.empty() && config.dead_letter_topic.empty()) {
    return base::invalid_argument("expected a topic or a dead-letter topic");
  }
  for (const std::string& topic : {config.topic, config.dead_letter_topic}) {
    if (!topic.empty() && !source::is_topic_name(topic)) {
      return base::invalid_argument("\"" + source::escape_controls(topic) +
                                    "\" is no topic name: 1 to 249 of a-z A-Z 0-9 . _ -");
    }
  }
  auto producer = KafkaProducer::create(config.producer);
  if (!producer) return producer.error();
  return std::unique_ptr<Sink>(
      std::make_unique<KafkaSink>(std::move(config), *std::move(producer)));
}

}  // namespace headrace::sink
