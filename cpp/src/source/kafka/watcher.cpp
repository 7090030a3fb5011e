#include <headrace/source/kafka/watcher.hpp>

#include <algorithm>

#include <headrace/source/kafka/admin.hpp>
#include <headrace/source/kafka/errors.hpp>
#include <headrace/source/kafka/metadata.hpp>

namespace headrace::source {

Watcher::Watcher(rd_kafka_t* client, WatchSetup setup, std::shared_ptr<TopicTable> topics,
                 Post post)
    : client_(client),
      setup_(std::move(setup)),
      topics_(std::move(topics)),
      post_(std::move(post)),
      thread_([this] { run(); }) {}

Watcher::~Watcher() {
  request_stop();
  thread_.join();
}

void Watcher::request_stop() noexcept {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  changed_.notify_all();
}

void Watcher::resolve(std::uint64_t generation, std::vector<TopicPartition> partitions) {
  const std::lock_guard lock(mutex_);
  generation_ = generation;
  to_resolve_ = std::move(partitions);
  resolving_ = true;
  changed_.notify_all();
}

void Watcher::ask_range(TopicPartition where) {
  const std::lock_guard lock(mutex_);
  to_range_.push_back(std::move(where));
  changed_.notify_all();
}

void Watcher::check_cover() {
  const std::lock_guard lock(mutex_);
  if (!setup_.static_group.empty()) cover_tries_ = kCoverTries;
  changed_.notify_all();
}

void Watcher::probe() {
  const std::lock_guard lock(mutex_);
  kicked_ = true;
  changed_.notify_all();
}

void Watcher::run() {
  Clock::time_point next_look = Clock::now();
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const Clock::time_point next = cover_ ? Clock::now() + kCoverSlice : next_look;
      changed_.wait_until(lock, std::min(next, next_look), [&] {
        return stop_ || kicked_ || resolving_ || !to_range_.empty() ||
               (cover_tries_ > 0 && !cover_);
      });
      if (stop_) return;
      if (std::exchange(kicked_, false)) next_look = Clock::now();
    }
    bool well = true;
    if (Clock::now() >= next_look) {
      well = look();
      const bool settled = complete_ && waiting_text_.empty();
      next_look = Clock::now() + (settled ? setup_.refresh : std::min(setup_.refresh, kLookAgain));
    }
    if (leaderless_since_ != Clock::time_point::max()) {
      next_look = std::min(next_look, Clock::now() + kLookAgain);
    }
    well = well && answer_resolve() && answer_range();
    if (well) answer_cover();
    if (!well) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kRetry, [&] { return stop_; });
      kicked_ = true;
    }
  }
}

bool Watcher::look() {
  Found found;
  if (base::Status ok = find(found); !ok) return fail(ok.error());
  failing_ = false;
  post(NoticeKind::kHealed);
  if (!report_missing(found)) return true;
  if (setup_.assign && !assign(found)) return false;
  complete_ = found.missing.empty() && !found.unsettled;
  first_look_ = false;
  return !found.unsettled || !waiting_text_.empty();
}

base::Status Watcher::find(Found& found) {
  known_.clear();
  if (!setup_.pattern.empty()) return find_pattern(found);
  for (const std::string& name : setup_.topics) {
    if (base::Status ok = find_topic(name, found); !ok) return ok;
  }
  if (found.missing.empty()) return {};
  base::Result<MetadataHandle> all = metadata(client_, nullptr, patience());
  if (!all) return all.error();
  found.existing = topic_names(**all);
  return {};
}

base::Status Watcher::find_topic(const std::string& name, Found& found) {
  base::Result<MetadataHandle> answer = metadata(client_, &name, patience());
  if (!answer) return answer.error();
  const rd_kafka_metadata_topic_t& topic = (*answer)->topics[0];
  if (is_missing(topic.err)) {
    found.missing.push_back(name);
  } else if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    note_topic(topic, found);
  } else if (is_retriable(topic.err)) {
    found.unsettled = true;
  } else if (code_of(topic.err) == base::ErrorCode::kAuthorization) {
    return not_allowed(topic.err, "read", "topic", name, "READ", setup_.client);
  } else {
    return kafka_error(topic.err, "topic \"" + name + '"');
  }
  return {};
}

base::Status Watcher::find_pattern(Found& found) {
  base::Result<MetadataHandle> answer = metadata(client_, nullptr, patience());
  if (!answer) return answer.error();
  const auto topics = matching(**answer, setup_.pattern);
  if (!topics) return topics.error();
  for (const rd_kafka_metadata_topic_t* topic : *topics) {
    if (topic->err == RD_KAFKA_RESP_ERR_NO_ERROR) note_topic(*topic, found);
  }
  if (topics->empty()) found.missing.push_back(setup_.pattern);
  return {};
}

void Watcher::note_topic(const rd_kafka_metadata_topic_t& topic, Found& found) {
  const auto index = static_cast<std::size_t>(topics_->index_of(topic.topic));
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const rd_kafka_metadata_partition_t& partition = topic.partitions[i];
    known_.emplace(topic.topic, partition.id);
    if ((static_cast<std::size_t>(partition.id) + index) % setup_.shares != setup_.share) continue;
    TopicPartition name{topic.topic, partition.id};
    if (first_look_) at_start_.insert(name);
    if (partition.leader < 0) {
      found.leaderless = name.first + '[' + std::to_string(name.second) + ']';
    }
    if (assigned_.contains(name)) continue;
    if (partition.leader < 0) {
      found.unsettled = true;  // no leader yet: cannot be asked where it begins
    } else {
      found.partitions.push_back(std::move(name));
    }
  }
}

std::string Watcher::what_is_missing(const Found& found) {
  if (!found.missing.empty() && !setup_.pattern.empty()) {
    return "no topic on " + setup_.bootstrap + " matches " + setup_.pattern;
  }
  if (!found.missing.empty()) {
    return topic_missing(found.missing.front(), setup_.bootstrap, found.existing);
  }
  if (found.leaderless.empty()) {
    leaderless_since_ = Clock::time_point::max();
    return {};
  }
  leaderless_since_ = std::min(leaderless_since_, Clock::now());
  if (Clock::now() - leaderless_since_ < kLeaderless) return {};
  return found.leaderless + " has no leader: its broker is down or its disk has failed";
}

// False where that ends the stream.
bool Watcher::report_missing(const Found& found) {
  const std::string text = what_is_missing(found);
  if (text == waiting_text_) return true;
  waiting_text_ = text;
  if (text.empty()) {
    post(NoticeKind::kFound);
    return true;
  }
  const bool fatal = setup_.strict && !found.missing.empty();
  const auto code = found.missing.empty() ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
                                          : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  post(fatal ? NoticeKind::kFatal : NoticeKind::kWaiting,
       kafka_error_text(code, fatal ? text : text + "; waiting"));
  return !fatal;
}

bool Watcher::assign(const Found& found) {
  // A bounded read takes what is there at its start.
  if (setup_.bounded && complete_) return true;
  std::vector<TopicPartition> now;
  std::vector<TopicPartition> later;  // appeared since: from their beginning
  for (const TopicPartition& name : found.partitions) {
    const bool given = setup_.request.start.offsets.contains(name);
    (at_start_.contains(name) || given ? now : later).push_back(name);
  }
  Notice notice;
  notice.kind = NoticeKind::kPlaces;
  notice.complete = found.missing.empty() && !found.unsettled;
  PlaceRequest from_start = setup_.request;
  from_start.start = Start{};
  for (const auto& [names, request] : {std::pair{&now, &setup_.request}, {&later, &from_start}}) {
    if (names->empty()) continue;
    base::Result<std::vector<Place>> places = resolve_places(*names, *request);
    if (!places) return fail(places.error());
    notice.places.insert(notice.places.end(), places->begin(), places->end());
  }
  assigned_.insert(found.partitions.begin(), found.partitions.end());
  if (!notice.places.empty() || (notice.complete && !complete_)) post_(std::move(notice));
  return true;
}

base::Result<std::vector<Place>> Watcher::resolve_places(const std::vector<TopicPartition>& names,
                                                         const PlaceRequest& request) {
  StartingPoints* points = setup_.starting_points.get();
  if (points != nullptr && !wait_ready(*points)) {
    return base::Error{.code = base::ErrorCode::kCancelled, .message = "the source is closed"};
  }
  base::Result<std::vector<Place>> places = source::resolve(client_, names, request, patience());
  if (!places || points == nullptr) return places;
  for (Place& place : *places) {
    const base::Result<std::int64_t> begin =
        points->begin({place.topic, place.partition}, place.committed, place.offset);
    if (!begin) return begin.error();
    place.offset = *begin;
  }
  return places;
}

bool Watcher::wait_ready(const StartingPoints& points) {
  std::unique_lock lock(mutex_);
  while (!stop_ && !points.ready()) changed_.wait_for(lock, kReadySlice);
  return !stop_;
}

bool Watcher::answer_resolve() {
  std::vector<TopicPartition> names;
  Notice notice;
  {
    const std::lock_guard lock(mutex_);
    if (!resolving_) return true;
    names = to_resolve_;
    notice.generation = generation_;
  }
  base::Result<std::vector<Place>> places = resolve_places(names, setup_.request);
  if (!places) return fail(places.error());
  notice.kind = NoticeKind::kPlaces;
  notice.complete = true;
  notice.places = *std::move(places);
  {
    const std::lock_guard lock(mutex_);
    if (generation_ != notice.generation) return true;  // asked anew meanwhile
    resolving_ = false;
  }
  post_(std::move(notice));
  return true;
}

bool Watcher::answer_range() {
  Notice notice;
  {
    const std::lock_guard lock(mutex_);
    if (to_range_.empty()) return true;
    notice.where = to_range_.front();
  }
  base::Result<std::vector<OffsetRange>> range = ranges(client_, {notice.where}, patience());
  if (!range) return fail(range.error());
  notice.kind = NoticeKind::kRange;
  notice.range = range->front();
  {
    const std::lock_guard lock(mutex_);
    to_range_.erase(to_range_.begin());
  }
  post_(std::move(notice));
  return true;
}

// What was added before the group was joined is known by now; what comes later librdkafka sees.
void Watcher::answer_cover() {
  if (!cover_) {
    const std::lock_guard lock(mutex_);
    if (cover_tries_ == 0) return;
    --cover_tries_;
    kicked_ = true;  // what there is now is to be compared
    cover_.emplace(client_, setup_.static_group, kCover);
    return;
  }
  const std::optional<base::Result<GroupCover>> cover = cover_->poll();
  if (!cover) return;
  cover_.reset();
  const bool refused = !*cover && !cover->error().retriable;
  if (!refused && (!*cover || !(*cover)->stable)) return;  // again
  {
    const std::lock_guard lock(mutex_);
    cover_tries_ = 0;
  }
  if (!refused && !std::ranges::includes((*cover)->partitions, known_)) post(NoticeKind::kIdle);
}

// What may heal is retried; always false.
bool Watcher::fail(const base::Error& error) {
  failing_ = error.code == base::ErrorCode::kBrokerUnavailable;
  const bool heals = error.retriable || error.code == base::ErrorCode::kTopicNotFound;
  post(heals ? NoticeKind::kBroken : NoticeKind::kFatal, error);
  return false;
}

void Watcher::post(NoticeKind kind, base::Error error) {
  Notice notice;
  notice.kind = kind;
  notice.error = std::move(error);
  post_(std::move(notice));
}

}  // namespace headrace::source
