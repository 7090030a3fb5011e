#include <headrace/sink/kafka/kafka_writer.hpp>

#include <charconv>
#include <cstdint>
#include <map>
#include <utility>

#include <headrace/source/kafka/settings.hpp>

namespace headrace::sink {
namespace {

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

std::string hex(std::uint32_t number) {
  char digits[8];
  const char* end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  const auto size = static_cast<std::size_t>(end - digits);
  return std::string(sizeof digits - size, '0') + std::string(digits, size);
}

// A record just fits into a topic of the usual size (1 MiB), and with its headers not any more:
// half of that leaves room for all of them. A topic that does not even take that is the user's to
// mend.
constexpr std::size_t kDeadLetterCap = 512U << 10U;

constexpr std::size_t kLargestStream = 512U << 10U;

}  // namespace

base::Status check(const KafkaTopics& topics) {
  if (topics.topic.empty() && topics.dead_letter_topic.empty()) {
    return base::invalid_argument("expected a topic or a dead-letter topic");
  }
  for (const std::string& topic : {topics.topic, topics.dead_letter_topic}) {
    if (!topic.empty() && !source::is_topic_name(topic)) {
      return base::invalid_argument("\"" + source::escape_controls(topic) +
                                    "\" is no topic name: 1 to 249 of a-z A-Z 0-9 . _ -");
    }
  }
  return {};
}

base::Status KafkaWriter::prepare(const record::RecordBatch& batch) {
  if (json_ && json_->schema() == batch.schema()) return {};
  if (arrow_ && arrow_->schema() == batch.schema()) return {};
  key_column_ = batch.schema()->key_index();
  if (!topics_.key_column.empty()) {
    base::Result<int> index = batch.schema()->require(topics_.key_column);
    if (!index) return index.error();
    key_column_ = *index;
  }
  if (topics_.arrow) {
    arrow_.emplace(batch.schema());
  } else {
    json_.emplace(batch.schema());
  }
  return {};
}

bool KafkaWriter::append_key(const record::RecordBatch& batch, std::size_t row) {
  std::string& out = keys_;
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

base::Status KafkaWriter::write(KafkaProducer& producer, const record::RecordBatch& batch) {
  if (topics_.topic.empty()) return {};
  if (base::Status ok = prepare(batch); !ok) return ok;
  append_keys(batch);
  values_.clear();
  value_ends_.clear();
  records_.clear();
  if (topics_.arrow) {
    add_streams(batch);
  } else {
    add_objects(batch);
  }
  std::size_t from = 0;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    records_[i].value = std::string_view(values_).substr(from, value_ends_[i] - from);
    from = value_ends_[i];
  }
  return producer.produce_batch(topics_.topic, records_);
}

void KafkaWriter::append_keys(const record::RecordBatch& batch) {
  keys_.clear();
  key_ends_.clear();
  has_key_.clear();
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    has_key_.push_back(append_key(batch, row));
    key_ends_.push_back(keys_.size());
  }
}

std::optional<std::string_view> KafkaWriter::key_of(std::size_t row) const {
  if (!has_key_[row]) return std::nullopt;
  const std::size_t from = row == 0 ? 0 : key_ends_[row - 1];
  return std::string_view(keys_).substr(from, key_ends_[row] - from);
}

void KafkaWriter::add_record(const record::RecordBatch& batch, std::size_t row) {
  value_ends_.push_back(values_.size());
  ProducerRecord& record = records_.emplace_back();
  const std::optional<std::string_view> key = key_of(row);
  record.has_key = key.has_value();
  record.key = key.value_or(std::string_view());
  if (batch.event_times) {
    record.timestamp_ms = floor_to_millis(batch.event_times->as<std::int64_t>()[row]);
  }
}

void KafkaWriter::add_objects(const record::RecordBatch& batch) {
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    json_->append_row(batch, row, values_);
    add_record(batch, row);
  }
}

void KafkaWriter::add_streams(const record::RecordBatch& batch) {
  std::map<std::optional<std::string_view>, std::vector<std::uint32_t>> groups;
  std::vector<std::vector<std::uint32_t>*> in_order;  // in which their keys come
  for (std::uint32_t row = 0; row < batch.rows(); ++row) {
    std::vector<std::uint32_t>& rows = groups[key_of(row)];
    if (rows.empty()) in_order.push_back(&rows);
    rows.push_back(row);
  }
  for (const std::vector<std::uint32_t>* rows : in_order) add_stream(batch, *rows);
}

void KafkaWriter::add_stream(const record::RecordBatch& batch,
                             std::span<const std::uint32_t> rows) {
  const std::size_t from = values_.size();
  arrow_->append_rows(batch, rows, values_);
  if (rows.size() == 1 || values_.size() - from <= kLargestStream) {
    return add_record(batch, rows.back());
  }
  values_.resize(from);
  const std::size_t half = rows.size() / 2;
  add_stream(batch, rows.first(half));
  add_stream(batch, rows.subspan(half));
}

base::Status KafkaWriter::write(KafkaProducer& producer, std::span<const record::Reject> rejects) {
  if (topics_.dead_letter_topic.empty()) return {};
  for (const record::Reject& reject : rejects) {
    if (base::Status ok = write_reject(producer, reject); !ok) return ok;
  }
  return {};
}

base::Status KafkaWriter::write_reject(KafkaProducer& producer, const record::Reject& reject) {
  const std::string topic = topics_.source_topic ? topics_.source_topic(reject.task.topic)
                                                 : std::to_string(reject.task.topic);
  const std::string partition = std::to_string(reject.task.partition);
  const std::string offset = std::to_string(reject.offset);
  const std::string timestamp = std::to_string(reject.timestamp_ms);
  const std::string attempt = std::to_string(reject.attempt);
  const std::optional<record::Cut> cut_here = record::cut_at(reject.value, dead_letter_cap_);
  const std::optional<record::Cut>& was = reject.cut ? reject.cut : cut_here;
  const std::string bytes = was ? std::to_string(was->bytes) : std::string();
  const std::string checksum = was ? hex(was->crc32c) : std::string();
  std::vector<std::pair<std::string_view, std::string_view>> headers{
      {kHeaderTopic, topic},
      {kHeaderPartition, partition},
      {kHeaderOffset, offset},
      {kHeaderTimestamp, timestamp},
      {kHeaderReason, record::info(reject.reason).name},
      {kHeaderField, reject.field},
      {kHeaderDetail, cut(reject.detail, kDetailCap)},
      {kHeaderAttempt, attempt},
  };
  if (was) headers.insert(headers.end(), {{kHeaderBytes, bytes}, {kHeaderChecksum, checksum}});
  if (reject.form != record::ValueForm::kOriginal) {
    headers.emplace_back(kHeaderForm, reject.form == record::ValueForm::kRow ? "row" : "none");
  }
  ProducerRecord record;
  record.topic = topics_.dead_letter_topic;
  record.key = reject.key;
  record.has_key = !reject.key.empty();
  record.value = std::string_view(reject.value).substr(0, dead_letter_cap_);
  record.timestamp_ms = reject.timestamp_ms;
  record.headers = headers;
  return producer.produce(record);
}

bool KafkaWriter::shorten_dead_letters() noexcept {
  return std::exchange(dead_letter_cap_, kDeadLetterCap) != kDeadLetterCap;
}

}  // namespace headrace::sink
