#include <headrace/checkpoint/topic_log.hpp>

#include <thread>

#include <headrace/base/failpoint.hpp>
#include <headrace/source/kafka/kafka_source.hpp>

namespace headrace::checkpoint {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kAnswer{5'000};  // of one request
constexpr milliseconds kAgain{200};     // a topic that is being made has no leaders for a moment
constexpr milliseconds kSlice{500};
constexpr milliseconds kClose{1'000};

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

source::NewTopic compacted(const std::string& name) {
  return {.name = name,
          .partitions = TopicLog::kPartitions,
          .replication = -1,  // the cluster's default
          // Small segments, since only those that are full are compacted.
          .config = {{"cleanup.policy", "compact"},
                     {"segment.bytes", "104857600"},
                     {"min.cleanable.dirty.ratio", "0.2"},
                     {"delete.retention.ms", "3600000"}}};
}

}  // namespace

base::Result<std::unique_ptr<TopicLog>> TopicLog::open(source::ClientConfig client,
                                                       const std::string& topic, bool make) {
  base::Result<source::KafkaAdmin> admin = source::KafkaAdmin::connect(client);
  if (!admin) return admin.error();
  std::unique_ptr<TopicLog> made(new TopicLog(std::move(client), topic, *std::move(admin)));
  if (base::Status s = made->find(make); !s) return s.error();
  return made;
}

base::Status TopicLog::find(bool make) {
  base::Result<source::TopicInfo> found = admin_.topic(topic_, kAnswer);
  if (make && !found && found.error().code == base::ErrorCode::kTopicNotFound) {
    const base::Status made = admin_.create_topic(compacted(topic_), kAnswer);
    found = admin_.topic(topic_, kAnswer);  // another one may have made it at the same time
    if (!found && !made) return made;
  }
  if (!found) return found.error();
  partitions_ = found->partitions;
  return {};
}

base::Status TopicLog::send(std::int32_t partition, std::string_view key,
                            std::span<const std::byte> value) {
  return send_record(
      {.topic = topic_, .key = key, .value = text_of(value), .partition = partition});
}

base::Status TopicLog::remove(std::int32_t partition, std::string_view key) {
  return send_record({.topic = topic_, .key = key, .tombstone = true, .partition = partition});
}

base::Status TopicLog::send_record(const sink::ProducerRecord& record) {
  if (!producer_) {
    auto made = sink::KafkaProducer::create(
        {.client = client_, .queue_full_timeout = kPatience, .transactional_id = {}});
    if (!made) return made.error();
    producer_ = *std::move(made);
  }
  if (base::Status s = producer_->produce(record); !s) return give_up(s.error());
  return {};
}

base::Status TopicLog::give_up(base::Error error) {
  producer_->abandon();
  producer_.reset();
  error.message = "topic \"" + topic_ + "\": " + error.message;
  return error;
}

base::Status TopicLog::flush() {
  if (!producer_) return {};
  if (HEADRACE_FAILS("checkpoint.topic_flush")) {
    return give_up({.code = base::ErrorCode::kKafka, .message = "not acknowledged"});
  }
  std::uint64_t delivered = 0;
  for (Clock::time_point since = Clock::now(); Clock::now() - since < kPatience;) {
    const base::Result<bool> done = producer_->try_flush(kSlice);
    if (!done) return give_up(done.error());
    if (*done) return {};
    const std::uint64_t now = producer_->counts().delivered;
    if (now != delivered) since = Clock::now();
    delivered = now;
  }
  return give_up({.code = base::ErrorCode::kBrokerUnavailable,
                  .message = "nothing was acknowledged for " +
                             std::to_string(kPatience.count() / 1000) +
                             " s: " + producer_->trouble(),
                  .retriable = true});
}

base::Result<std::vector<std::int64_t>> TopicLog::ends() {
  const Clock::time_point until = Clock::now() + kPatience;
  for (;;) {
    base::Result<std::vector<source::Watermarks>> marks = admin_.watermarks(topic_, kAnswer);
    if (!marks) {
      if (Clock::now() > until) return marks.error();
      std::this_thread::sleep_for(kAgain);
      continue;
    }
    std::vector<std::int64_t> ends(static_cast<std::size_t>(partitions_), 0);
    for (const source::Watermarks& mark : *marks) {
      const auto partition = static_cast<std::size_t>(mark.partition);
      if (partition < ends.size()) ends[partition] = mark.high;
    }
    return ends;
  }
}

base::Result<TopicLog::Cursor> TopicLog::read(std::int32_t partition, std::int64_t from) {
  const base::Result<std::vector<std::int64_t>> behind = ends();
  if (!behind) return behind.error();
  source::KafkaSourceConfig config;
  config.client = client_;
  config.topics = {topic_};
  config.bounded = true;
  config.strict = true;
  config.on_out_of_range = source::OutOfRange::kEarliest;
  config.timeout = kPatience;
  config.start.at = source::StartAt::kOffsets;
  for (std::int32_t p = 0; p < partitions_; ++p) {
    // Nothing of the others.
    config.start.offsets[{topic_, p}] =
        p == partition ? from : (*behind)[static_cast<std::size_t>(p)];
  }
  base::Result<std::unique_ptr<source::Source>> source = make_kafka_source(std::move(config));
  if (!source) return source.error();
  return Cursor(*std::move(source), partition);
}

base::Result<const source::RawRecord*> TopicLog::Cursor::next() {
  Clock::time_point since = Clock::now();
  for (;;) {
    while (!records_.empty()) {
      const source::RawRecord& record = records_.front();
      records_ = records_.subspan(1);
      if (record.task.partition == partition_) return &record;
    }
    if (end_) return nullptr;
    base::Result<source::Poll> poll = source_->poll(kSlice);
    if (!poll) return poll.error();
    records_ = poll->records;
    end_ = poll->end;
    if (!records_.empty()) since = Clock::now();
    if (Clock::now() - since > kPatience) {
      source_->close(kClose);
      return base::Error{.code = base::ErrorCode::kBrokerUnavailable,
                         .message = "the broker sent nothing for " +
                                    std::to_string(kPatience.count() / 1000) + " s",
                         .retriable = true};
    }
  }
}

}  // namespace headrace::checkpoint
