// An ingest thread: polls one source, decodes, checks the leading rules, and feeds compute threads.
//
// It never waits for anyone but its source: where a ring is full, parcels wait here while the
// source's tasks are paused (or rows are lost, if the user chose so) and polling goes on, so that
// membership in a consumer group does not depend on how fast anyone computes. Batches are cut when
// they are full, when a poll found nothing more, or when their first row has waited for
// kLongestWait.
//
// Thread contract: start, join by the engine; wake, counters, message by any thread.
// Cost: per record that of the decoder and a few branches; per poll one look at the clock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <headrace/pipeline/compute.hpp>
#include <headrace/pipeline/coordinator.hpp>
#include <headrace/pipeline/ingest_task.hpp>

namespace headrace::pipeline {

class Ingest {
 public:
  struct Counters {
    std::atomic<std::uint64_t> records{0};
    std::atomic<std::uint64_t> tombstones{0};
    std::atomic<std::uint64_t> stale{0};
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> pauses{0};
  };
  // What all ingest threads of an engine share.
  struct House {
    IngestTask::Shared tasks;
    std::size_t leaf;  // of Plan::leaves(), that the records are of
    // How long a partition may be silent until it is not waited for; nothing: for ever.
    std::optional<std::chrono::nanoseconds> idle_timeout;
    Junction* junction;  // null: rows of partitions are not merged
    const EngineOptions& options;
    TaskRegistry& registry;
    std::vector<std::unique_ptr<Compute>>& computes;
    Outlet& outlet;
    Lifecycle& life;
    Recovery* recovery;        // null: every task begins anew
    Coordinator* coordinator;  // null likewise
    Delivery* delivery;        // null: positions are committed here
  };

  // How long a row waits for others to fill its batch while records keep coming: longer gives
  // fewer, larger batches, shorter a lower latency under load.
  static constexpr std::chrono::milliseconds kLongestWait{2};

  Ingest(House house, std::size_t index, std::unique_ptr<source::Source> source);

  void start(const std::string& name);
  void join();
  void wake() noexcept;
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] base::Result<std::string> membership() { return source_->membership(); }
  [[nodiscard]] std::string message() const;  // of the source's trouble; empty: none
  struct Contact {
    source::Connection state = source::Connection::kNone;
    double seconds = 0;  // for so long; of an ended run: when it ended
  };
  [[nodiscard]] Contact contact() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    std::unique_ptr<IngestTask> task;
    decode::Decoder* decoder = nullptr;
    bool listed = false;         // in open_
    bool held_back = false;      // paused, being ahead of others
    bool resting = false;        // said to be silent; until the next record
    bool ended = false;          // said to have no more records
    std::int64_t position = -1;  // when the source was last asked
    Clock::time_point silent_since = Clock::now();
  };

  void run();
  void read();
  void finish();
  [[nodiscard]] std::chrono::milliseconds patience() const;
  [[nodiscard]] bool take(source::Poll& poll);

  void take_events(std::span<const source::SourceEvent> events);
  void take_undelivered(const source::SourceEvent& event);
  void assigned(const source::SourceEvent& event);
  void settle(std::vector<IngestTask*>& left);
  void commit_acknowledged(const std::vector<IngestTask*>& tasks);
  void say(std::string message);
  void note_contact(Clock::time_point now);
  void take_typed(source::Poll& poll);
  void take_records(std::span<const source::RawRecord> records);
  [[nodiscard]] Entry& entry_of(record::TaskId at_source);
  [[nodiscard]] Entry& open_entry(record::TaskId at_source);
  [[nodiscard]] decode::Decoder& decoder_of(std::int32_t topic_at_source);

  void cut(IngestTask& task, std::span<const source::RawRecord> records);
  void cut_open(std::span<const source::RawRecord> records);
  void send(base::Result<ParcelPtr> parcel);
  void no_room(std::size_t compute);
  void unload();
  void resume_if_room();
  [[nodiscard]] std::vector<record::TaskId> live_tasks() const;

  // Where partitions are merged.
  void open_channel(Entry& entry);
  void say_reported();
  void end_channels(const source::Poll& poll);
  void end_channel(Entry& entry, std::span<const source::RawRecord> records);
  void rest_if_silent(Entry& entry, const source::TaskPosition& position, Clock::time_point now);
  void hold_back();

  void keep_house(Clock::time_point now);
  void note_positions();
  void commit(const std::vector<IngestTask*>& tasks);
  [[nodiscard]] std::vector<IngestTask*> all_tasks();

  House house_;
  const std::size_t index_;
  std::unique_ptr<source::Source> source_;
  std::map<record::TaskId, Entry> tasks_;  // by the source's ids
  std::map<std::int32_t, std::unique_ptr<decode::Decoder>> decoders_;
  std::vector<Entry*> open_;  // with rows or rejects since their last cut
  Clock::time_point open_since_{};
  std::int64_t polled_ns_ = 0;
  std::vector<std::deque<ParcelPtr>> waiting_;  // for room, by compute thread
  std::vector<std::size_t> conflate_at_;
  bool paused_ = false;
  bool reported_ = false;   // that the partitions are known
  bool held_back_ = false;  // some task is
  bool replaying_ = false;  // when last looked
  Clock::time_point next_positions_{};
  Clock::time_point next_commit_{};
  std::vector<std::uint64_t> flush_asked_;  // empty: no commit under way
  std::map<TaskSlot*, std::int64_t> committed_;
  std::string commit_trouble_;  // what was said of the last commit; empty: it went well
  Counters counters_;
  mutable std::mutex mutex_;
  std::string message_;                                     // under the mutex
  source::Connection contact_ = source::Connection::kNone;  // under the mutex, as what follows
  Clock::time_point contact_since_ = Clock::now();
  Clock::time_point closed_at_{};
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace headrace::pipeline
