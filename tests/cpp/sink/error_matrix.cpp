#include "error_matrix.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include <librdkafka/rdkafka.h>

#include <headrace/sink/committer.hpp>
#include <headrace/sink/kafka/kafka_transactions.hpp>

#include "source/kafka_support.hpp"

namespace headrace::test {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kRecords = 4;
constexpr int kLives = 6;                  // more than any error code needs
constexpr milliseconds kHang{30'000};      // the bar
constexpr milliseconds kCallSlack{1'000};  // for a machine that does other work, beyond the bar
constexpr int kManyTimes = 10'000;         // more than anybody asks

// ---- the table

struct Row {
  std::string request;
  std::int16_t api_key;
  std::vector<int> errors;
};

const std::vector<Row>& table() {
  static const std::vector<Row> rows{
      {"Produce",
       0,
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_INVALID_MSG,
        RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER,
        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
        RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, RD_KAFKA_RESP_ERR_INVALID_RECORD,
        RD_KAFKA_RESP_ERR_UNKNOWN}},
      {"FindCoordinator",
       10,
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_UNKNOWN}},
      {"InitProducerId",
       22,
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
        RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, RD_KAFKA_RESP_ERR_UNKNOWN}},
      {"AddPartitionsToTxn",
       24,
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
        RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING,
        RD_KAFKA_RESP_ERR_INVALID_TXN_STATE, RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED,
        RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_UNKNOWN}},
      {"AddOffsetsToTxn",
       25,
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
        RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE,
        RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_UNKNOWN}},
      {"EndTxn",
       26,
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
        RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE,
        RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_UNKNOWN}},
      {"TxnOffsetCommit",
       28,
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE,
        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
        RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE,
        RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
        RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, RD_KAFKA_RESP_ERR_UNKNOWN}}};
  return rows;
}

// What a user has to mend: these may end a committer. All else must be got over.
bool may_end_it(const MatrixCell& cell) {
  switch (cell.error) {
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_COMMIT_OFFSET_SIZE:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return true;
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
      return cell.which == Which::kEvery;  // fenced for a second time: there is another run
    default:
      return false;
  }
}

// No other producer can have more luck.
bool must_end_it(const MatrixCell& cell) {
  return cell.error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         (cell.error == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED &&
          cell.request != "FindCoordinator");
}

// ---- what a broker that isolates would have

struct Ledger {
  std::map<sink::Partition, sink::Mark> marks;
  std::vector<std::int64_t> read;
  milliseconds longest_call{0};
};

auto timed(Ledger& ledger, const auto& call) {
  const auto began = Clock::now();
  auto answer = call();
  const auto took = std::chrono::ceil<milliseconds>(Clock::now() - began);
  ledger.longest_call = std::max(ledger.longest_call, took);
  return answer;
}

// KafkaTransactions as they are, with committed marks as the ledger has them.
class Isolating final : public sink::TransactionLog {
 public:
  Isolating(std::unique_ptr<sink::TransactionLog> inner, Ledger& ledger)
      : inner_(std::move(inner)), ledger_(ledger) {}

  base::Status init() override {
    written_.clear();
    sent_.clear();
    return timed(ledger_, [this] { return inner_->init(); });
  }
  base::Status begin() override {
    return timed(ledger_, [this] { return inner_->begin(); });
  }
  base::Status write(const sink::Output& output) override {
    base::Status status = timed(ledger_, [&] { return inner_->write(output); });
    if (status) written_.push_back(output.rows->next_offset);
    return status;
  }
  base::Status flush() override {
    return timed(ledger_, [this] { return inner_->flush(); });
  }
  base::Result<std::string> membership() override { return inner_->membership(); }
  base::Status send_positions(const std::string& membership,
                              std::span<const sink::Position> positions) override {
    base::Status status =
        timed(ledger_, [&] { return inner_->send_positions(membership, positions); });
    if (status) sent_.assign(positions.begin(), positions.end());
    return status;
  }
  base::Status commit() override {
    base::Status status = timed(ledger_, [this] { return inner_->commit(); });
    if (!status) return status;
    for (const sink::Position& position : sent_) ledger_.marks[position.partition] = position.mark;
    ledger_.read.insert(ledger_.read.end(), written_.begin(), written_.end());
    written_.clear();
    sent_.clear();
    return status;
  }
  base::Result<std::vector<sink::Mark>> committed(
      std::span<const sink::Partition> partitions) override {
    auto found = timed(ledger_, [&] { return inner_->committed(partitions); });
    if (!found) return found;
    for (std::size_t i = 0; i < partitions.size(); ++i) (*found)[i] = ledger_.marks[partitions[i]];
    return found;
  }
  void renew() noexcept override { inner_->renew(); }
  base::Status rest(milliseconds time) override { return inner_->rest(time); }
  void cancel() noexcept override { inner_->cancel(); }

 private:
  std::unique_ptr<sink::TransactionLog> inner_;
  Ledger& ledger_;
  std::vector<std::int64_t> written_;
  std::vector<sink::Position> sent_;
};

// ---- one cell

// Runs something at a time, unless it is ended before.
class Alarm {
 public:
  Alarm(milliseconds after, std::function<void()> what)
      : thread_([this, after, what = std::move(what)] {
          std::unique_lock lock(mutex_);
          if (!ended_now_.wait_for(lock, after, [this] { return ended_; })) what();
        }) {}
  ~Alarm() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    ended_now_.notify_all();
    thread_.join();
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable ended_now_;
  bool ended_ = false;
  std::thread thread_;
};

sink::Output record_of(std::int64_t id) {
  static const auto schema = std::make_shared<const record::Schema>(
      std::vector<record::Field>{{.name = "id", .type = record::DType::kInt64, .nullable = false}});
  std::vector<record::Column> columns;
  columns.push_back(record::Column::make(record::DType::kInt64, 1));
  columns[0].mutable_values<std::int64_t>()[0] = id;
  auto rows = std::make_shared<record::RecordBatch>(schema, 1, std::move(columns));
  rows->next_offset = id + 1;  // the record at `id` was read
  return {.origin = {}, .rows = std::move(rows), .rejects = nullptr};
}

class Trial {
 public:
  Trial(const MatrixCell& cell, milliseconds patience) : cell_(cell), patience_(patience) {
    cluster_.topic("in", 1);
    cluster_.topic("out", 1);
    cluster_.fill("in", 0, kRecords);  // whose producer asks for an id, too: before the errors
    cluster_.mock.track_requests();
    const bool every = cell.which == Which::kEvery;
    if (cell.which == Which::kSecond) cluster_.mock.push_request_error(cell.api_key, 0, 1);
    cluster_.mock.push_request_error(cell.api_key, cell.error, every ? kManyTimes : 1);
  }

  Report run() {
    report_.cell = cell_;
    const bool every = cell_.which == Which::kEvery;
    const Alarm mended(every ? patience_ : patience_ + kHang, [this] { mend(); });
    const Alarm hung(patience_ + kHang, [this] {
      const std::lock_guard lock(mutex_);
      hung_ = true;
      if (log_) log_->cancel();
    });
    bool all = false;
    for (int life = 0; life < kLives && !all && !hung_; ++life) all = live(life);
    report_.longest_call = ledger_.longest_call;
    report_.afterwards = std::chrono::ceil<milliseconds>(Clock::now() - last_error());
    report_.fault = fault(all);
    return report_;
  }

 private:
  void mend() {
    cluster_.mock.clear_request_errors(cell_.api_key);
    const std::lock_guard lock(mutex_);
    if (!mended_) mended_ = Clock::now();
  }
  Clock::time_point last_error() {
    const std::lock_guard lock(mutex_);
    return cell_.which == Which::kEvery && mended_ ? *mended_ : began_;
  }

  // The life of a worker: two commits of a record each, or fewer. True where all is committed.
  bool live(int life) {
    auto log = std::make_shared<Isolating>(
        sink::make_kafka_transactions(
            {.producer = {.client = cluster_.client(), .transactional_id = "app-0"},
             .topics = {.topic = "out"},
             .group = "app",
             .membership = {}})
            .value_or_throw(),
        ledger_);
    {
      const std::lock_guard lock(mutex_);
      log_ = log;
    }
    const auto tell = [this](std::string text) {
      if (!text.empty()) report_.told = std::move(text);
    };
    sink::Committer committer(
        *log, [](const sink::Origin&) { return true; }, tell);
    const base::Status ended = work(*log, committer);
    if (committer.renewals() > 0 && report_.end == End::kCommitted) report_.end = End::kRetried;
    if (!ended) {
      report_.end = End::kFatal;
      report_.told = ended.error().message;
      mend();  // as the user would, before he starts it again
    }
    {
      const std::lock_guard lock(mutex_);
      log_.reset();
    }
    return next() == kRecords && life > 0;
  }

  base::Status work(Isolating& log, sink::Committer& committer) {
    if (base::Status status = committer.start(); !status) return status;
    const sink::Partition in{"in", 0};
    const std::array asked{in};
    base::Result<std::vector<sink::Mark>> found = log.committed(asked);
    for (int look = 0; !found && found.error().retriable && look < 100; ++look) {  // as Recovery
      if (base::Status rested = log.rest(milliseconds{100}); !rested) return rested;
      found = log.committed(asked);
    }
    if (!found) return found.error();
    committer.assigned(in, {}, found->front());
    for (int commits = 0; commits < 2 && next() < kRecords; ++commits) {
      const std::int64_t id = next();
      if (base::Status status = committer.write(record_of(id)); !status) return status;
      const std::string metadata = "commit of " + std::to_string(id);
      base::Status status = committer.commit(
          {{.partition = in, .origin = {}, .mark = {.offset = id + 1, .metadata = metadata}}});
      if (!status) return status;
    }
    return {};
  }

  std::int64_t next() { return std::max<std::int64_t>(ledger_.marks[{"in", 0}].offset, 0); }

  std::string fault(bool all) {
    if (hung_) return "hung: " + report_.told;
    if (!all) return "not all is committed: " + report_.told;
    if (ledger_.read != range(1, kRecords + 1)) return "twice, lost or disordered";
    if (report_.longest_call > kHang + kCallSlack) return "a call took too long";
    if (report_.end == End::kFatal && !may_end_it(cell_)) return "ended: " + report_.told;
    if (report_.end != End::kCommitted && report_.told.empty()) return "nothing was said";
    if (report_.told.find("Purged") != std::string::npos) return "the cause was not said";
    if (report_.end != End::kFatal && must_end_it(cell_)) return "tried again what is the user's";
    const int wanted = cell_.which == Which::kSecond ? 2 : 1;
    if (cluster_.mock.requests(cell_.api_key) < wanted) return "the request was never made";
    return missing();
  }

  // Records that were committed and are not on the broker.
  std::string missing() {
    // The broker says that it has the record already, which in the mock broker's case is not so.
    if (cell_.error == RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER) return {};
    auto config = cluster_.config({"out"});
    config.bounded = true;
    const auto source = source::make_kafka_source(config).value_or_throw();
    std::set<std::string> values;
    for (const Got& record : read_all(*source).records) values.insert(record.value);
    for (std::int64_t id = 0; id < kRecords; ++id) {
      const std::string value = "{\"id\":" + std::to_string(id) + '}';
      if (!values.contains(value)) return "committed and not on the broker: " + value;
    }
    return {};
  }

  MatrixCell cell_;
  milliseconds patience_;
  Cluster cluster_;
  Ledger ledger_;
  Report report_;
  Clock::time_point began_ = Clock::now();
  std::atomic<bool> hung_{false};
  std::mutex mutex_;
  std::optional<Clock::time_point> mended_;  // under the mutex, as log_
  std::shared_ptr<sink::TransactionLog> log_;
};

}  // namespace

const std::vector<std::string>& requests() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Row& row : table()) all.push_back(row.request);
    return all;
  }();
  return names;
}

std::vector<MatrixCell> cells(std::span<const std::string> requests) {
  std::vector<MatrixCell> all;
  for (const Row& row : table()) {
    if (std::find(requests.begin(), requests.end(), row.request) == requests.end()) continue;
    for (const int error : row.errors) {
      for (const Which which : {Which::kFirst, Which::kSecond, Which::kEvery}) {
        all.push_back(
            {.request = row.request, .api_key = row.api_key, .error = error, .which = which});
      }
    }
  }
  return all;
}

std::vector<Report> run(std::span<const MatrixCell> cells, milliseconds patience,
                        unsigned at_once) {
  std::vector<Report> reports(cells.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < cells.size(); i = next++) {
      try {
        reports[i] = Trial(cells[i], patience).run();
      } catch (const std::exception& error) {
        reports[i].cell = cells[i];
        reports[i].fault = error.what();
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned n = 0; n < at_once; ++n) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return reports;
}

std::string line_of(const Report& report) {
  static constexpr std::array kWhich{"first", "second", "every"};
  static constexpr std::array kEnd{"committed", "retried", "fatal"};
  std::array<char, 200> text{};
  std::snprintf(text.data(), text.size(), "%s %s %s: %s, %.1f s", report.cell.request.c_str(),
                rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(report.cell.error)),
                kWhich[static_cast<std::size_t>(report.cell.which)],
                report.fault.empty() ? kEnd[static_cast<std::size_t>(report.end)] : "FAULT",
                static_cast<double>(report.afterwards.count()) / 1000);
  std::string line = text.data();
  if (!report.told.empty()) line += " (" + report.told + ')';
  if (!report.fault.empty()) line += ": " + report.fault;
  return line;
}

}  // namespace headrace::test
