#include <headrace/source/kafka/consumer.hpp>

#include <algorithm>
#include <cstdlib>

#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/settings.hpp>

namespace headrace::source {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kCommitSlice{20};  // how soon a stop is noticed

std::vector<TopicPartition> names_of(const rd_kafka_topic_partition_list_t* list) {
  std::vector<TopicPartition> names;
  for (int i = 0; list != nullptr && i < list->cnt; ++i) {
    names.emplace_back(list->elems[i].topic, list->elems[i].partition);
  }
  return names;
}

PartitionList list_of(const std::vector<Place>& places) {
  PartitionList list = make_partition_list(static_cast<int>(places.size()));
  for (const Place& p : places) {
    rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition)->offset = p.offset;
  }
  return list;
}

base::Status status_of(const ErrorHandle& error, const char* what) {
  if (!error) return {};
  return kafka_error(*error, what);
}

base::Status status_of(rd_kafka_resp_err_t error, const std::string& what) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return kafka_error(error, what);
}

std::vector<OwnSetting> settings(const KafkaSourceConfig& config) {
  // Direct assignment takes part in no group, but librdkafka's assign() asks for a name.
  std::vector<OwnSetting> own{
      {"group.id", config.group.empty() ? "headrace-direct" : config.group},
      {"enable.partition.eof", "true"},
      {"topic.metadata.refresh.interval.ms", std::to_string(config.metadata_refresh.count())}};
  // Behind the mark of a transaction librdkafka knows the end by a fetch that brings nothing, for
  // which the broker otherwise takes half a second.
  if (config.bounded && config.client.setting("fetch.wait.max.ms").empty())
    own.emplace_back("fetch.wait.max.ms", "10");
  if (!config.group_instance.empty() && config.join)
    own.emplace_back("group.instance.id", config.group_instance);
  if (!config.pattern.empty()) own.emplace_back("topic.blacklist", "^__");
  return own;
}

base::Status subscribe(rd_kafka_t* client, const KafkaSourceConfig& config) {
  const PartitionList list = make_partition_list(1);
  for (const std::string& topic : config.topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  if (!config.pattern.empty()) {
    const std::string pattern = whole_name(config.pattern);
    rd_kafka_topic_partition_list_add(list.get(), pattern.c_str(), RD_KAFKA_PARTITION_UA);
  }
  return status_of(rd_kafka_subscribe(client, list.get()), "subscribe");
}

// As bytes; `member` is given up.
std::string written(rd_kafka_consumer_group_metadata_t* member) {
  const std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                        DestroyWith<rd_kafka_consumer_group_metadata_destroy>>
      owned(member);
  void* bytes = nullptr;
  std::size_t size = 0;
  const ErrorHandle error(rd_kafka_consumer_group_metadata_write(member, &bytes, &size));
  if (error) throw base::Exception(kafka_error(*error, "group membership"));
  std::string text(static_cast<const char*>(bytes), size);
  std::free(bytes);  // as librdkafka documents
  return text;
}

WatchSetup watch_setup(const KafkaSourceConfig& config, Share share) {
  WatchSetup setup;
  setup.topics = config.topics;
  setup.pattern = config.pattern.empty() ? "" : whole_name(config.pattern);
  setup.request = {.start = config.start,
                   .from_group = !config.group.empty(),
                   .with_end = config.bounded,
                   .ends = config.ends};
  setup.assign = config.group.empty() || !config.join;
  setup.starting_points = config.starting_points;
  setup.strict = config.strict;
  setup.bounded = config.bounded;
  setup.share = share.index;
  setup.shares = share.count;
  setup.refresh = config.metadata_refresh;
  setup.bootstrap = config.client.bootstrap;
  setup.client = config.client;
  if (config.join && !config.group_instance.empty()) setup.static_group = config.group;
  return setup;
}

}  // namespace

std::string membership_of(const std::string& group) {
  return written(rd_kafka_consumer_group_metadata_new(group.c_str()));
}

base::Result<std::shared_ptr<Consumer>> Consumer::create(const KafkaSourceConfig& config,
                                                         Share share,
                                                         std::shared_ptr<TopicTable> topics,
                                                         ConsumerListener* listener) {
  auto made = std::make_shared<Consumer>(config.client);
  made->listener_ = listener;
  made->group_ = config.join ? config.group : std::string();
  auto client = make_client(config.client, ClientRole::kConsumer, settings(config), *made);
  if (!client) return client.error();
  made->client_ = *std::move(client);
  rd_kafka_t* handle = made->client_.get();
  rd_kafka_poll_set_consumer(handle);
  made->queue_.reset(rd_kafka_queue_get_consumer(handle));
  if (!config.group.empty() && config.join) {
    if (base::Status ok = subscribe(handle, config); !ok) return ok.error();
  }
  made->watcher_ = std::make_unique<Watcher>(
      handle, watch_setup(config, share), std::move(topics),
      [consumer = made.get()](Notice notice) { consumer->post(std::move(notice)); });
  return made;
}

bool Consumer::incremental() const {
  if (group_.empty()) return true;
  const char* protocol = rd_kafka_rebalance_protocol(client_.get());
  return protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
}

base::Status Consumer::assign(const std::vector<Place>& places) {
  const PartitionList list = list_of(places);
  if (!incremental()) return status_of(rd_kafka_assign(client_.get(), list.get()), "assign");
  if (group_.empty() && places.empty()) return {};
  return status_of(ErrorHandle(rd_kafka_incremental_assign(client_.get(), list.get())), "assign");
}

base::Status Consumer::unassign(const std::vector<Place>& places) {
  if (!incremental()) return status_of(rd_kafka_assign(client_.get(), nullptr), "unassign");
  const PartitionList list = list_of(places);
  return status_of(ErrorHandle(rd_kafka_incremental_unassign(client_.get(), list.get())),
                   "unassign");
}

base::Status Consumer::assign_again(const Place& place, const std::vector<Place>& all) {
  if (!incremental()) return assign(all);
  if (base::Status ok = unassign({place}); !ok) return ok;
  return assign({place});
}

base::Status Consumer::join_again(const KafkaSourceConfig& config) {
  // With the cooperative protocol the same subscription once more would change nothing.
  if (incremental()) rd_kafka_unsubscribe(client_.get());
  return subscribe(client_.get(), config);
}

void Consumer::seek(const Place& place) {
  const PartitionList list = list_of({place});
  ErrorHandle(rd_kafka_seek_partitions(client_.get(), list.get(), 0));  // 0: do not wait for it
}

void Consumer::pause(const std::vector<Place>& places) {
  if (!places.empty()) rd_kafka_pause_partitions(client_.get(), list_of(places).get());
}

void Consumer::resume(const std::vector<Place>& places) {
  if (!places.empty()) rd_kafka_resume_partitions(client_.get(), list_of(places).get());
}

base::Status Consumer::commit(const std::vector<Place>& places, milliseconds deadline) {
  if (group_.empty() || places.empty()) return {};
  const PartitionList list = list_of(places);
  // rd_kafka_commit has no deadline: the answer comes through a queue of our own.
  const QueueHandle answers(rd_kafka_queue_new(client_.get()));
  auto error = rd_kafka_commit_queue(client_.get(), list.get(), answers.get(), nullptr, nullptr);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return group_error(error, group_, config_);
  const auto until = std::chrono::steady_clock::now() + deadline;
  const bool may_be_woken = deadline > Source::kShortCommit;
  EventHandle answer;
  while (!answer && std::chrono::steady_clock::now() < until && !(may_be_woken && woken_)) {
    answer.reset(rd_kafka_queue_poll(answers.get(), static_cast<int>(kCommitSlice.count())));
  }
  if (!answer) return group_error(RD_KAFKA_RESP_ERR__TIMED_OUT, group_, config_);
  error = rd_kafka_event_error(answer.get());
  const rd_kafka_topic_partition_list_t* done = rd_kafka_event_topic_partition_list(answer.get());
  for (int i = 0; done != nullptr && i < done->cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    error = done->elems[i].err;
  }
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return group_error(error, group_, config_);
}

OffsetRange Consumer::watermarks(const std::string& topic, std::int32_t partition) const {
  OffsetRange range{.low = -1, .high = -1};
  rd_kafka_get_watermark_offsets(client_.get(), topic.c_str(), partition, &range.low, &range.high);
  return {std::max<std::int64_t>(range.low, -1), std::max<std::int64_t>(range.high, -1)};
}

base::Result<std::string> Consumer::membership() {
  const std::lock_guard lock(client_use_);
  if (!client_) return kafka_error(RD_KAFKA_RESP_ERR__DESTROY, "group membership");
  rd_kafka_consumer_group_metadata_t* member = rd_kafka_consumer_group_metadata(client_.get());
  if (member == nullptr) return kafka_error(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, "membership");
  std::string text = written(member);
  // Whoever has no id and no generation is let pass by a broker: before the group was joined, and
  // from when the member was thrown out of it until its partitions are said to be lost.
  if (text == membership_of(group_)) {
    return kafka_error(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, "membership");
  }
  return text;
}

base::Error Consumer::fatal_error() const {
  char text[512];
  const auto error = rd_kafka_fatal_error(client_.get(), text, sizeof text);
  return kafka_error_text(error, text);
}

std::size_t Consumer::take(std::span<rd_kafka_message_t*> messages, milliseconds timeout) {
  // A batch call with a timeout waits until the batch is full, so: wait for one, take what is
  // there.
  const ssize_t first = rd_kafka_consume_batch_queue(
      queue_.get(), static_cast<int>(timeout.count()), messages.data(), 1);
  if (first <= 0) return 0;
  const ssize_t more =
      rd_kafka_consume_batch_queue(queue_.get(), 0, messages.data() + 1, messages.size() - 1);
  return 1 + (more > 0 ? static_cast<std::size_t>(more) : 0);
}

void Consumer::idle(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return !inbox_.empty() || woken_.load(); });
}

std::vector<Notice> Consumer::notices() {
  std::vector<Notice> out;
  if (!has_notices_.load(std::memory_order_acquire)) return out;
  const std::lock_guard lock(mutex_);
  has_notices_.store(false, std::memory_order_relaxed);
  out.swap(inbox_);
  return out;
}

void Consumer::post(Notice notice) {
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(notice));
    has_notices_.store(true, std::memory_order_release);
    changed_.notify_all();
  }
  rd_kafka_queue_yield(queue_.get());
}

void Consumer::wake() noexcept {
  {
    const std::lock_guard lock(mutex_);
    woken_.store(true);
    changed_.notify_all();
  }
  rd_kafka_queue_yield(queue_.get());
}

void Consumer::shutdown() {
  watcher_.reset();
  if (!group_.empty()) rd_kafka_consumer_close(client_.get());
  queue_.reset();
  const std::lock_guard lock(client_use_);
  client_.reset();
}

void Consumer::on_error(rd_kafka_resp_err_t error, std::string_view reason) noexcept {
  if (listener_ != nullptr) listener_->on_client_error(error, reason);
}

void Consumer::on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t error,
                            rd_kafka_topic_partition_list_t* partitions) noexcept {
  if (listener_ == nullptr) {  // closing: nobody is interested any more
    ClientEvents::on_rebalance(client, error, partitions);
  } else if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    listener_->on_assign(names_of(partitions));
  } else {
    listener_->on_revoke(names_of(partitions));
  }
}

}  // namespace headrace::source
