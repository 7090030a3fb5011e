// The helper thread of a Kafka source: asks what may take time, so that the ingest thread never
// waits.
//
// It looks for the topics and their partitions, resolves where reading begins, notices that a
// broker answers or does not, and posts what it found. With direct assignment it finds new
// partitions too; in a group the broker does that, and the watcher only resolves positions and says
// what is missing.
//
// Thread contract: construction and destruction by the owner; requests from any thread; `post` is
//   called on the helper thread.
// Cost: asleep but for a metadata request every `refresh` (every second while a topic is missing or
//   no broker answers).
// Lifetime: the client must outlive the watcher. Destruction waits for the request under way (at
//   most kAnswer, while a broker is silent).
//
//   Watcher watcher(rk, setup, topics, [&](Notice n) { inbox.push(std::move(n)); });
//   watcher.probe();
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

#include <headrace/source/kafka/group_cover.hpp>
#include <headrace/source/kafka/offsets.hpp>
#include <headrace/source/kafka/topic_table.hpp>

namespace headrace::source {

enum class NoticeKind : std::uint8_t {
  kPlaces,   // read these partitions from these offsets
  kWaiting,  // a topic does not exist: `error`
  kFound,    // and now it does
  kBroken,   // nobody answered: `error`
  kHealed,   // an answer came
  kRange,    // what the broker has of `where`
  kIdle,     // the group has partitions that no member was given
  kFatal,    // cannot heal by itself: `error`
};

struct Notice {
  NoticeKind kind = NoticeKind::kHealed;
  std::vector<Place> places;
  bool complete = false;         // kPlaces: no partition of any topic is still missing
  std::uint64_t generation = 0;  // kPlaces: of the resolve() that asked for it
  TopicPartition where;
  OffsetRange range;
  base::Error error;
};

struct WatchSetup {
  std::vector<std::string> topics;
  std::string pattern;
  PlaceRequest request;
  bool assign = true;  // false: a group assigns
  bool strict = false;
  bool bounded = false;
  // Of `shares` sources, this one: partition p of topic t is ours where (p + t) mod shares ==
  // share.
  std::size_t share = 0;
  std::size_t shares = 1;
  std::chrono::milliseconds refresh{10'000};
  std::string bootstrap;  // for messages
  ClientConfig client;    // likewise
  std::shared_ptr<StartingPoints> starting_points;
  std::string static_group;  // the group of a static member; else empty
};

class Watcher {
 public:
  static constexpr std::chrono::milliseconds kAnswer{1'000};     // how long one request may take
  static constexpr std::chrono::milliseconds kAnswerAgain{500};  // once one was not answered
  static constexpr std::chrono::milliseconds kRetry{200};        // after a failure
  static constexpr std::chrono::milliseconds kLookAgain{1'000};  // while a topic is missing
  // A new topic has no leaders for a moment, and so has one whose leaders move.
  static constexpr std::chrono::milliseconds kLeaderless{800};

  static constexpr int kCoverTries = 10;  // while a group shares its partitions out
  static constexpr std::chrono::milliseconds kCover{5'000};
  static constexpr std::chrono::milliseconds kCoverSlice{200};  // whether it is answered
  static constexpr std::chrono::milliseconds kReadySlice{2};    // StartingPoints::ready()

  using Post = std::function<void(Notice)>;

  Watcher(rd_kafka_t* client, WatchSetup setup, std::shared_ptr<TopicTable> topics, Post post);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void request_stop() noexcept;
  // Where do these begin? Answered by kPlaces with the same generation; a later call supersedes it.
  void resolve(std::uint64_t generation, std::vector<TopicPartition> partitions);
  void ask_range(TopicPartition where);
  void probe();  // is anybody there?
  // A static member that comes back is given what it had, without a rebalance, so that partitions
  // added meanwhile stay without a reader for ever. Answered by kIdle where that is so.
  void check_cover();

 private:
  using Clock = std::chrono::steady_clock;
  struct Found {
    std::vector<TopicPartition> partitions;  // ours, that were not assigned before
    std::vector<std::string> missing;
    std::vector<std::string> existing;  // where some are missing: what may have been meant
    std::string leaderless;             // one of ours that has no leader
    bool unsettled = false;             // a topic or partition is just being made
  };

  void run();
  bool look();  // true: all is well, look again after `refresh`
  [[nodiscard]] base::Status find(Found& found);
  [[nodiscard]] base::Status find_topic(const std::string& name, Found& found);
  [[nodiscard]] base::Status find_pattern(Found& found);
  void note_topic(const rd_kafka_metadata_topic_t& topic, Found& found);
  bool report_missing(const Found& found);
  [[nodiscard]] std::string what_is_missing(const Found& found);
  [[nodiscard]] std::chrono::milliseconds patience() const noexcept {
    return failing_ ? kAnswerAgain : kAnswer;
  }
  bool assign(const Found& found);
  [[nodiscard]] base::Result<std::vector<Place>> resolve_places(
      const std::vector<TopicPartition>& names, const PlaceRequest& request);
  [[nodiscard]] bool wait_ready(const StartingPoints& points);  // false: to be stopped
  bool answer_resolve();
  bool answer_range();
  void answer_cover();
  bool fail(const base::Error& error);
  void post(NoticeKind kind, base::Error error = {});

  rd_kafka_t* client_;
  WatchSetup setup_;
  std::shared_ptr<TopicTable> topics_;
  Post post_;

  // The helper thread's own.
  std::set<TopicPartition> known_;  // all partitions of the last look
  std::set<TopicPartition> assigned_;
  std::set<TopicPartition> at_start_;  // were there at the first look: `start` applies to them
  bool first_look_ = true;
  bool complete_ = false;
  bool failing_ = false;  // the last request was not answered
  std::string waiting_text_;
  std::optional<GroupCoverRequest> cover_;  // under way
  Clock::time_point leaderless_since_ = Clock::time_point::max();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  bool kicked_ = true;
  std::uint64_t generation_ = 0;
  std::vector<TopicPartition> to_resolve_;
  bool resolving_ = false;
  std::vector<TopicPartition> to_range_;
  int cover_tries_ = 0;  // that are left
  std::thread thread_;
};

}  // namespace headrace::source
