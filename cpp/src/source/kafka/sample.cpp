#include <headrace/source/kafka/sample.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include <headrace/source/kafka/admin.hpp>
#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/message_headers.hpp>
#include <headrace/source/kafka/metadata.hpp>
#include <headrace/source/kafka/offsets.hpp>
#include <headrace/source/kafka/sample_plan.hpp>
#include <headrace/source/kafka/settings.hpp>
#include <headrace/source/kafka/trouble.hpp>

namespace headrace::source {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Records = std::vector<SampleRecord>;

constexpr milliseconds kSlice{100};   // longest wait without a look at `cancelled`
constexpr milliseconds kAgain{50};    // after an answer that may soon be a better one
constexpr milliseconds kAnswer{500};  // one request; then it is asked anew
// "localhost" is often two addresses of which one refuses: the other one is given time to answer.
constexpr milliseconds kAllDown{300};
// Destroying a client that has lost its broker may take seconds, which are nobody's to wait for.
constexpr milliseconds kDestroy{20};
// Where the end of a partition holds few records: how often to look further back, and how much.
constexpr int kLooksBack = 4;
constexpr std::int64_t kFurther = 4;
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

// What is known of one partition.
struct Part {
  TopicPartition where;
  OffsetRange range;
  std::size_t head = 0;
  std::size_t tail = 0;
  std::int64_t seen_to = 0;  // the first records were read up to here
  Records first;
  Records last;

  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(std::max<std::int64_t>(range.high - range.low, 0));
  }
};

// A stretch of a partition that is being read.
struct Stretch {
  Part* part = nullptr;
  std::int64_t from = 0;
  std::int64_t to = 0;
  std::size_t most = kAll;  // stop after so many
  std::size_t keep = kAll;  // of what was read, the last ones
  std::int64_t next = 0;
  bool done = false;
  bool headers = false;
  Records found;

  void take(const rd_kafka_message_t& message);
};

SampleRecord copy_of(const rd_kafka_message_t& m, const Part& part) {
  SampleRecord record{.topic = part.where.first,
                      .partition = part.where.second,
                      .offset = m.offset,
                      .timestamp_ms = -1,
                      .key = std::nullopt,
                      .value = std::nullopt,
                      .headers = {}};
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  record.timestamp_ms = rd_kafka_message_timestamp(&m, &type);
  if (m.key != nullptr) record.key.emplace(static_cast<const char*>(m.key), m.key_len);
  if (m.payload != nullptr) record.value.emplace(static_cast<const char*>(m.payload), m.len);
  return record;
}

void Stretch::take(const rd_kafka_message_t& message) {
  if (done) return;
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    done = !is_connection_trouble(message.err);  // the end, or not to be had
    return;
  }
  next = message.offset + 1;
  if (message.offset < to) {
    found.push_back(copy_of(message, *part));
    if (headers) found.back().headers = headers_of(message);
  }
  if (keep != kAll && found.size() >= 2 * keep) {
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(keep));
  }
  done = next >= to || found.size() >= most;
}

class Sampler {
 public:
  explicit Sampler(const SampleRequest& request)
      : request_(request),
        until_(Clock::now() + request.timeout),
        events_(std::make_unique<TroubleEvents>(request.client)) {}
  ~Sampler();

  [[nodiscard]] base::Status connect();
  [[nodiscard]] base::Result<Records> run();

 private:
  [[nodiscard]] base::Result<std::vector<TopicPartition>> find();
  [[nodiscard]] base::Status find_topic(const std::string& name,
                                        std::vector<TopicPartition>& found);
  [[nodiscard]] base::Status find_pattern(std::vector<TopicPartition>& found);
  void note(const rd_kafka_metadata_topic_t& topic, std::vector<TopicPartition>& found);
  [[nodiscard]] base::Error missing(const std::string& name);
  [[nodiscard]] base::Result<std::vector<Part>> measure(const std::vector<TopicPartition>& names);
  void share_out(std::vector<Part>& parts) const;
  [[nodiscard]] base::Status read_heads(std::vector<Part>& parts);
  [[nodiscard]] base::Status read_tails(std::vector<Part>& parts);
  [[nodiscard]] base::Status read(std::vector<Stretch>& stretches);
  void receive(rd_kafka_queue_t* queue, std::vector<Stretch>& stretches);

  // Asks until an answer comes, the time is up or there is no hope.
  template <class Ask>
  [[nodiscard]] auto insist(Ask ask, const char* what) -> decltype(ask(milliseconds{}));
  // Why to give up; none while there is hope.
  [[nodiscard]] std::optional<base::Error> hopeless();
  [[nodiscard]] milliseconds left() const {
    return std::max(std::chrono::ceil<milliseconds>(until_ - Clock::now()), milliseconds{0});
  }
  [[nodiscard]] rd_kafka_topic_t* topic(const std::string& name);

  const SampleRequest& request_;
  const Clock::time_point begin_ = Clock::now();
  const Clock::time_point until_;
  std::string leaderless_;  // a partition that cannot be read
  std::unique_ptr<TroubleEvents> events_;
  ClientHandle client_;
  std::map<std::string, TopicHandle> topics_;  // go before the client
};

Sampler::~Sampler() {
  topics_.clear();
  run_within([client = std::make_shared<ClientHandle>(std::move(client_)),
              events = std::shared_ptr<TroubleEvents>(std::move(events_))] { client->reset(); },
             kDestroy);
}

base::Status Sampler::connect() {
  // - fetch.wait.max.ms: that nothing follows is known at once.
  // - queued.min.messages: what is fetched ahead is thrown away.
  const std::array<OwnSetting, 4> own{{{"enable.partition.eof", "true"},
                                       {"fetch.wait.max.ms", "10"},
                                       {"queued.min.messages", "200"},
                                       {"fetch.message.max.bytes", "262144"}}};
  auto client = make_client(request_.client, ClientRole::kConsumer, own, *events_);
  if (!client) return client.error();
  client_ = *std::move(client);
  return {};
}

std::optional<base::Error> Sampler::hopeless() {
  rd_kafka_poll(client_.get(), 0);
  if (events_->refused()) return events_->refused();
  if (request_.cancelled && request_.cancelled()) {
    return base::Error{.code = base::ErrorCode::kCancelled, .message = "the sample was cancelled"};
  }
  const bool refused = events_->all_down() && Clock::now() - begin_ > kAllDown;
  if (refused || left().count() == 0) return events_->unreachable();
  return std::nullopt;
}

template <class Ask>
auto Sampler::insist(Ask ask, const char* what) -> decltype(ask(milliseconds{})) {
  const Clock::time_point asked = Clock::now();
  for (milliseconds patience = kSlice;; patience = std::min(2 * patience, kAnswer)) {
    auto answer = ask(std::max(std::min(patience, left()), milliseconds{1}));
    if (answer) {
      events_->answered();
      return answer;
    }
    if (!answer.error().retriable) {
      return events_->explain(client_.get(),
                              static_cast<rd_kafka_resp_err_t>(answer.error().native_code), what);
    }
    if (auto error = hopeless()) return *std::move(error);
    if (Clock::now() - asked < kAgain) std::this_thread::sleep_for(kAgain);
  }
}

base::Error Sampler::missing(const std::string& name) {
  std::vector<std::string> existing;
  auto all = metadata(client_.get(), nullptr, std::min(left() + kSlice, kAnswer));
  if (all) existing = topic_names(**all);
  return kafka_error_text(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                          topic_missing(name, request_.client.bootstrap, existing));
}

void Sampler::note(const rd_kafka_metadata_topic_t& topic, std::vector<TopicPartition>& found) {
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const rd_kafka_metadata_partition_t& partition = topic.partitions[i];
    TopicPartition name{topic.topic, partition.id};
    if (partition.leader >= 0) {
      found.push_back(std::move(name));
    } else {
      leaderless_ = name.first + '[' + std::to_string(name.second) + ']';
    }
  }
}

base::Status Sampler::find_topic(const std::string& name, std::vector<TopicPartition>& found) {
  const auto ask = [&](milliseconds patience) { return metadata(client_.get(), &name, patience); };
  auto answer = insist(ask, "metadata");
  if (!answer) return answer.error();
  const rd_kafka_metadata_topic_t& topic = (*answer)->topics[0];
  if (is_missing(topic.err)) return missing(name);
  if (code_of(topic.err) == base::ErrorCode::kAuthorization) {
    return not_allowed(topic.err, "read", "topic", name, "READ", request_.client);
  }
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR && !is_retriable(topic.err)) {
    return kafka_error(topic.err, "topic \"" + name + '"');
  }
  note(topic, found);
  return {};
}

base::Status Sampler::find_pattern(std::vector<TopicPartition>& found) {
  const auto ask = [&](milliseconds patience) {
    return metadata(client_.get(), nullptr, patience);
  };
  auto answer = insist(ask, "metadata");
  if (!answer) return answer.error();
  auto topics = matching(**answer, whole_name(request_.pattern));
  if (!topics) return topics.error();
  if (topics->empty()) {
    return kafka_error_text(
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        "no topic on " + request_.client.bootstrap + " matches " + request_.pattern);
  }
  for (const rd_kafka_metadata_topic_t* topic : *topics) note(*topic, found);
  return {};
}

// A topic that was just made has no leaders for a moment.
base::Result<std::vector<TopicPartition>> Sampler::find() {
  for (;;) {
    std::vector<TopicPartition> found;
    base::Status ok;
    for (const std::string& name : request_.topics) {
      if (ok = find_topic(name, found); !ok) return ok.error();
    }
    if (!request_.pattern.empty()) {
      if (ok = find_pattern(found); !ok) return ok.error();
    }
    if (!found.empty()) return found;
    if (auto error = hopeless()) {
      if (leaderless_.empty() || left().count() != 0) return *std::move(error);
      return kafka_error_text(RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
                              leaderless_ + " has no leader: its broker is down");
    }
    std::this_thread::sleep_for(kAgain);
  }
}

// All in one request; where that fails, one by one, so that one partition does not keep the others.
base::Result<std::vector<Part>> Sampler::measure(const std::vector<TopicPartition>& names) {
  std::vector<Part> parts;
  auto all = ranges(client_.get(), names, std::min(left() + kSlice, kAnswer));
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto ask = [&](milliseconds patience) {
      return ranges(client_.get(), {names[i]}, patience);
    };
    if (all) {
      parts.push_back({.where = names[i], .range = (*all)[i], .seen_to = 0});
    } else if (auto one = insist(ask, "offsets"); one) {
      parts.push_back({.where = names[i], .range = one->front(), .seen_to = 0});
    } else if (names.size() == 1 || (i + 1 == names.size() && parts.empty())) {
      return one.error();
    }
  }
  return parts;
}

void Sampler::share_out(std::vector<Part>& parts) const {
  std::vector<std::size_t> sizes;
  for (const Part& part : parts) sizes.push_back(part.size());
  const std::vector<std::size_t> heads = spread(request_.oldest, sizes);
  const std::vector<std::size_t> tails = spread(request_.newest, sizes);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].head = heads[i];
    parts[i].tail = tails[i];
    parts[i].seen_to = parts[i].range.low;
  }
}

base::Status Sampler::read_heads(std::vector<Part>& parts) {
  std::vector<Stretch> stretches;
  for (Part& part : parts) {
    const auto& [low, high] = part.range;
    if (part.size() == 0) continue;
    Stretch stretch{.part = &part, .from = low, .to = high, .found = {}};
    if (part.head + part.tail < part.size()) {
      stretch.to = high - static_cast<std::int64_t>(part.tail);
      stretch.most = part.head;
    }
    if (stretch.most > 0) stretches.push_back(std::move(stretch));
  }
  if (base::Status ok = read(stretches); !ok) return ok;
  for (Stretch& stretch : stretches) {
    stretch.part->first = std::move(stretch.found);
    const bool whole = stretch.to == stretch.part->range.high;
    stretch.part->seen_to = whole ? stretch.to : stretch.next;
  }
  return {};
}

base::Status Sampler::read_tails(std::vector<Part>& parts) {
  std::map<Part*, std::int64_t> from;  // read from here on
  for (int look = 0; look <= kLooksBack; ++look) {
    std::vector<Stretch> stretches;
    for (Part& part : parts) {
      const std::int64_t to = from.try_emplace(&part, part.range.high).first->second;
      const std::size_t lacking = part.tail - std::min(part.tail, part.last.size());
      if (lacking == 0 || to <= part.seen_to) continue;
      auto further = static_cast<std::int64_t>(part.tail);
      for (int i = 0; i < look; ++i) further *= kFurther;
      from[&part] = std::max(part.seen_to, to - further);
      stretches.push_back(
          {.part = &part, .from = from[&part], .to = to, .keep = lacking, .found = {}});
    }
    if (stretches.empty()) break;
    if (base::Status ok = read(stretches); !ok) return ok;
    for (Stretch& stretch : stretches) {
      Records& found = stretch.found;
      if (found.size() > stretch.keep) {
        found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(stretch.keep));
      }
      Records& last = stretch.part->last;
      last.insert(last.begin(), std::make_move_iterator(found.begin()),
                  std::make_move_iterator(found.end()));
    }
  }
  return {};
}

rd_kafka_topic_t* Sampler::topic(const std::string& name) {
  TopicHandle& handle = topics_[name];
  if (!handle) handle.reset(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
  return handle.get();
}

// What was read when the time is up is kept where that will do; a cancelled call and refused
// credentials end it.
base::Status Sampler::read(std::vector<Stretch>& stretches) {
  if (stretches.empty()) return {};
  const QueueHandle queue(rd_kafka_queue_new(client_.get()));
  for (Stretch& stretch : stretches) {
    stretch.next = stretch.from;
    stretch.headers = request_.headers;
    const auto& [name, partition] = stretch.part->where;
    if (rd_kafka_consume_start_queue(topic(name), partition, stretch.from, queue.get()) != 0) {
      return kafka_error(rd_kafka_last_error(), "reading " + name);
    }
  }
  const auto all_done = [&] {
    return std::all_of(stretches.begin(), stretches.end(),
                       [](const Stretch& stretch) { return stretch.done; });
  };
  std::optional<base::Error> error;
  while (!all_done() && !error) {
    receive(queue.get(), stretches);
    error = hopeless();
  }
  for (const Stretch& stretch : stretches) {
    rd_kafka_consume_stop(topic(stretch.part->where.first), stretch.part->where.second);
  }
  const bool enough = request_.partial || all_done();
  if (error && !(enough && error->code == base::ErrorCode::kBrokerUnavailable)) return *error;
  return {};
}

void Sampler::receive(rd_kafka_queue_t* queue, std::vector<Stretch>& stretches) {
  std::array<rd_kafka_message_t*, 256> messages{};
  const auto wait = static_cast<int>(std::min(kSlice, left()).count());
  ssize_t count = rd_kafka_consume_batch_queue(queue, wait, messages.data(), 1);
  if (count == 1) {
    const ssize_t more =
        rd_kafka_consume_batch_queue(queue, 0, messages.data() + 1, messages.size() - 1);
    count += std::max<ssize_t>(more, 0);
  }
  for (ssize_t i = 0; i < count; ++i) {
    const rd_kafka_message_t& m = *messages[static_cast<std::size_t>(i)];
    const auto stretch = std::find_if(stretches.begin(), stretches.end(), [&](const Stretch& s) {
      return m.rkt != nullptr && s.part->where.second == m.partition &&
             s.part->where.first == rd_kafka_topic_name(m.rkt);
    });
    if (stretch != stretches.end()) stretch->take(m);
    rd_kafka_message_destroy(messages[static_cast<std::size_t>(i)]);
  }
}

base::Result<Records> Sampler::run() {
  auto names = find();
  if (!names) return names.error();
  auto parts = measure(*names);
  if (!parts) return parts.error();
  share_out(*parts);
  if (base::Status ok = read_heads(*parts); !ok) return ok.error();
  if (base::Status ok = read_tails(*parts); !ok) return ok.error();
  Records out;
  bool any = false;
  for (Part& part : *parts) {
    any = any || part.size() > 0;
    for (Records* found : {&part.first, &part.last}) {
      out.insert(out.end(), std::make_move_iterator(found->begin()),
                 std::make_move_iterator(found->end()));
    }
  }
  if (out.empty() && any && left().count() == 0) return events_->unreachable();
  return out;
}

}  // namespace

base::Result<std::vector<SampleRecord>> sample(const SampleRequest& request) {
  if (request.topics.empty() == request.pattern.empty()) {
    return base::invalid_argument("expected topics or a pattern");
  }
  Sampler sampler(request);
  if (base::Status ok = sampler.connect(); !ok) return ok.error();
  return sampler.run();
}

}  // namespace headrace::source
