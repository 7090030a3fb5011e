// The running pipeline: ingest threads that poll, decode and validate nothing else than bytes,
// compute threads that run the tasks, and the places where results can be looked at.
//
// One ingest thread per Source; tasks are spread over compute threads by partition; between each
// ingest and each compute thread one SPSC ring of batches. When a ring is full the source's tasks
// are paused (overflow kPause) and polling goes on, so the group membership never depends on how
// fast anyone computes, draws or sleeps.
//
// Where the plan has inputs, the rows of all tasks flow together in the merges of a junction, and
// the results are those of the task behind the last one.
//
// Thread contract: create, start, stop, destruction by one owner; every const method and
// request_stop
//   by any thread at any time.
// Cost: about one queue hand-over per batch; batches are cut when the poll ran dry or they are
// full,
//   so a lone record is through at once.
// Lifetime: stop() joins every thread; frames outlive the engine. In a forked child it has no
//   threads: it is only to be destroyed there, which leaves everything to the parent.
//
//   auto engine = Engine::create(plan, std::move(sources), options).value_or_throw();
//   engine->start();
//   engine->wait(std::nullopt);
//   Frame tail = engine->frame(500);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <headrace/pipeline/digest.hpp>
#include <headrace/pipeline/frame_store.hpp>
#include <headrace/pipeline/plan.hpp>
#include <headrace/sink/sink.hpp>
#include <headrace/sink/transaction_log.hpp>
#include <headrace/source/source.hpp>

namespace headrace::checkpoint {
class Store;
}

namespace headrace::pipeline {

class Recovery;

// What happens when results are consumed more slowly than records arrive.
enum class Overflow : std::uint8_t {
  kPause,       // the default: partitions are paused, nothing is dropped
  kDropOldest,  // batches that wait in the ring are dropped, oldest first, and counted
  kConflate,    // only the newest row of each key of waiting batches survives, the rest is counted
};

struct EngineOptions {
  std::size_t batch_rows = 4096;
  std::size_t ring_batches = 64;
  std::size_t history_rows = 100'000;        // rows that frame() can still see
  std::size_t rejects_kept = 10'000;         // newest dead letters that rejected() can still see
  std::size_t reject_value_cap = 1U << 20U;  // bytes of the original kept per dead letter
  // A value beyond this is a dead letter: one record must not take all memory. What Kafka takes by
  // default is always below.
  std::size_t max_record_bytes = 1U << 20U;
  unsigned compute_threads = 1;
  Overflow overflow = Overflow::kPause;
  bool collect = false;           // keep everything for take_collected(); bounded sources only
  std::size_t expected_rows = 0;  // hint for collect
  bool digest = false;
  bool fail_on_reject = false;  // the first dead letter ends the run, as kRecordRejected
  std::chrono::milliseconds commit_interval{5000};
  std::size_t commit_rows = 0;  // results after which a transaction is due anyway; 0: however many
  std::chrono::milliseconds checkpoint_interval{10'000};
};

// What makes a run go on where the one before it stopped; see recovery.hpp.
struct Durability {
  std::shared_ptr<sink::TransactionLog> log;  // null: nothing is written exactly once
  std::shared_ptr<checkpoint::Store> store;   // null: no checkpoints
  std::shared_ptr<Recovery> recovery;         // the sources' own; null: neither of the two
};

enum class EngineState : std::uint8_t { kCreated, kRunning, kFinished, kStopped, kFailed };

struct TaskStatus {
  std::string topic;
  source::TaskPosition position;
  std::uint64_t records = 0;
  std::int64_t lag = -1;               // high watermark - position; -1: not known yet
  std::int64_t max_event_time_ns = 0;  // of accepted rows; 0: none
};

struct EngineStatus {
  EngineState state = EngineState::kCreated;
  std::string message;        // what a user should know now, else empty
  std::uint64_t records = 0;  // polled, good or bad
  std::uint64_t rows = 0;     // that left the last operator
  std::uint64_t tombstones = 0;
  std::uint64_t dropped = 0;  // by overflow policy
  std::uint64_t late = 0;     // too late and only counted, without becoming dead letters
  std::uint64_t evicted = 0;  // groups forgotten because there were too many (max_groups)
  std::uint64_t stale = 0;    // of revoked assignments, not handed on
  std::uint64_t keys_in_several_partitions = 0;
  std::map<std::string, std::uint64_t> rejected;     // by reason name
  std::map<std::string, std::string> first_rejects;  // the first of each reason, as one line
  source::Connection connection = source::Connection::kNone;  // of the source that is worst off
  double connection_seconds = 0;                              // for so long
  std::vector<TaskStatus> tasks;
  std::vector<std::string> key_examples;  // keys seen in several partitions (at most 5)
  double seconds = 0;                     // since start
  std::uint64_t pauses = 0;               // times a full ring paused the source
  std::uint64_t commits = 0;              // transactions
  double commit_seconds = 0;              // what the last one took
  std::uint64_t checkpoints = 0;          // written
  double checkpoint_age = -1;             // seconds; -1: none yet
  double longest_stall_seconds = 0;       // that a commit or checkpoint has held up computing
  std::vector<std::string> recovery;      // what was restored, what was refused
};

class Engine {
 public:
  // `on_batch` runs on one of the engine's threads after each finished batch, one at a time per
  // task (latency probes, tests): keep it short.
  using BatchListener = std::function<void(const record::BatchPtr&)>;

  using Sources = std::vector<std::unique_ptr<source::Source>>;

  [[nodiscard]] static base::Result<std::unique_ptr<Engine>> create(
      Plan plan, Sources sources, EngineOptions options,
      std::vector<std::shared_ptr<sink::Sink>> sinks = {}, BatchListener on_batch = {});
  // The sources of each of the plan's leaves, in their order.
  [[nodiscard]] static base::Result<std::unique_ptr<Engine>> create_merging(
      Plan plan, std::vector<Sources> sources, EngineOptions options,
      std::vector<std::shared_ptr<sink::Sink>> sinks = {}, BatchListener on_batch = {},
      Durability durability = {});
  ~Engine();

  [[nodiscard]] base::Status start();
  void request_stop() noexcept;  // returns at once
  void stop() noexcept;          // request_stop, then joins every thread; idempotent

  // True when the run has ended (finished, stopped, failed); false at the timeout.
  [[nodiscard]] bool wait(std::optional<std::chrono::milliseconds> timeout) const;
  // The error that ended the run, if one did.
  [[nodiscard]] std::optional<base::Error> failure() const;

  [[nodiscard]] EngineStatus status() const;
  // Has all results so far written. That has happened when are_written() says so of what is
  // returned; what comes meanwhile may be written with them.
  [[nodiscard]] std::vector<std::uint64_t> request_write();
  [[nodiscard]] bool are_written(const std::vector<std::uint64_t>& requests) const;
  // The state of every task under a name, in the store of the checkpoints; see coordinator.hpp.
  [[nodiscard]] base::Status savepoint(const std::string& name, std::chrono::milliseconds patience);
  [[nodiscard]] Frame frame(std::size_t last, const std::optional<std::string>& key = {}) const;
  [[nodiscard]] Frame since(std::uint64_t position, std::uint64_t* missed) const;
  // Waits until more than `rows` rows were appended, or the run ended, or the timeout passed.
  [[nodiscard]] bool wait_rows(std::uint64_t rows, std::chrono::milliseconds timeout) const;
  [[nodiscard]] record::Rejects rejects() const;  // newest kept, in arrival order
  [[nodiscard]] Digest digest() const;            // needs EngineOptions::digest
  [[nodiscard]] Frame take_collected();           // once, after the run has finished
  [[nodiscard]] const record::SchemaPtr& schema() const noexcept;
  [[nodiscard]] std::vector<std::string> topics() const;
  // Of the first source, as Source::membership().
  [[nodiscard]] base::Result<std::string> membership() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  int process_;  // that has the threads
};

}  // namespace headrace::pipeline
