#include <headrace/sink/committer.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "catch.hpp"

using namespace headrace;
using base::ErrorCode;
using sink::Mark;
using sink::Position;
using Calls = std::vector<std::string>;

namespace {

base::Error retriable(std::string message = "no answer") {
  return {.code = ErrorCode::kKafka, .message = std::move(message), .retriable = true};
}

base::Error fatal(std::string message = "not allowed") {
  return {.code = ErrorCode::kAuthorization, .message = std::move(message)};
}

base::Error fenced() {
  return {.code = ErrorCode::kFenced, .message = "fenced", .retriable = true};
}

base::Error cancelled() { return {.code = ErrorCode::kCancelled, .message = "stopping"}; }

// A log in memory that fails where it is told to, and does something else in between.
class ScriptedLog final : public sink::TransactionLog {
 public:
  base::Status init() override {
    open_.clear();
    sent_.clear();
    return called("init");
  }
  base::Status begin() override { return called("begin"); }
  base::Status write(const sink::Output& output) override {
    const std::int64_t id = output.rows->next_offset;
    base::Status status = called("write " + std::to_string(id));
    if (status) open_.push_back(id);
    return status;
  }
  base::Status flush() override { return called("flush"); }
  base::Result<std::string> membership() override {
    if (base::Status status = called("membership"); !status) return status.error();
    return "member " + std::to_string(++memberships_);
  }
  base::Status send_positions(const std::string& membership,
                              std::span<const Position> positions) override {
    CHECK(membership == "member " + std::to_string(memberships_));
    base::Status status = called("send_positions");
    if (status) sent_.assign(positions.begin(), positions.end());
    return status;
  }
  base::Status commit() override {
    const bool lands = std::exchange(lands_unheard, false);
    base::Status status = called("commit");
    if (status || lands) land();
    return status;
  }
  base::Result<std::vector<Mark>> committed(std::span<const sink::Partition> partitions) override {
    if (base::Status status = called("committed"); !status) return status.error();
    std::vector<Mark> found;
    for (const sink::Partition& partition : partitions) found.push_back(marks[partition]);
    return found;
  }
  void renew() noexcept override { calls.emplace_back("renew"); }
  base::Status rest(std::chrono::milliseconds time) override {
    rested += time;
    return called("rest");
  }
  void cancel() noexcept override {}

  void fail(const std::string& call, base::Error error, int times = 1) {
    for (; times > 0; --times) failures_[call].push_back(error);
  }
  void before(const std::string& call, std::function<void()> what) {
    meanwhile_[call] = std::move(what);
  }
  [[nodiscard]] std::int64_t count(const std::string& call) const {
    return std::count(calls.begin(), calls.end(), call);
  }

  Calls calls;
  std::map<sink::Partition, Mark> marks;
  std::vector<std::int64_t> read;  // by a read_committed reader
  std::chrono::milliseconds rested{0};
  bool lands_unheard = false;  // the next commit happens, whatever it answers

 private:
  base::Status called(const std::string& call) {
    calls.push_back(call);
    if (const auto what = meanwhile_.find(call); what != meanwhile_.end()) {
      const std::function<void()> once = std::move(what->second);
      meanwhile_.erase(what);
      once();
    }
    std::deque<base::Error>& failures = failures_[call];
    if (failures.empty()) return {};
    base::Error error = std::move(failures.front());
    failures.pop_front();
    return error;
  }
  void land() {
    for (const Position& position : sent_) marks[position.partition] = position.mark;
    read.insert(read.end(), open_.begin(), open_.end());
    open_.clear();
    sent_.clear();
  }

  std::map<std::string, std::deque<base::Error>> failures_;
  std::map<std::string, std::function<void()>> meanwhile_;
  std::vector<std::int64_t> open_;
  std::vector<Position> sent_;
  int memberships_ = 0;
};

sink::Origin origin(int partition, std::uint32_t epoch = 1) {
  return {.task = {.topic = 0, .partition = partition}, .epoch = epoch};
}

sink::Output output(std::int64_t id, int partition = 0) {
  auto rows = std::make_shared<record::RecordBatch>();
  rows->next_offset = id;
  return {.origin = origin(partition), .rows = std::move(rows)};
}

sink::Partition in(int partition) { return {"in", partition}; }

Position position(int partition, std::int64_t offset) {
  return {.partition = in(partition),
          .origin = origin(partition),
          .mark = {.offset = offset, .metadata = "ours at " + std::to_string(offset)}};
}

// A committer that has begun to read partitions 0 and 1.
struct Rig {
  ScriptedLog log;
  std::set<int> lost;
  Calls told;
  sink::Committer committer{
      log, [this](const sink::Origin& of) { return !lost.contains(of.task.partition); },
      [this](std::string text) { told.push_back(std::move(text)); }};

  Rig() {
    REQUIRE(committer.start());
    for (const int partition : {0, 1}) {
      log.marks[in(partition)] = {.offset = 5, .metadata = "former"};
      committer.assigned(in(partition), origin(partition), log.marks[in(partition)]);
    }
    log.calls.clear();
  }
  void write(std::int64_t id, int partition = 0) {
    REQUIRE(committer.write(output(id, partition)));
  }
};

const Calls kAttempt{"flush", "membership", "send_positions", "commit"};

Calls joined(std::initializer_list<Calls> parts) {
  Calls all;
  for (const Calls& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

TEST_CASE("outputs and positions are one transaction, in this order of calls") {
  Rig rig;
  rig.write(1);
  rig.write(2);
  CHECK(rig.committer.dirty());
  REQUIRE(rig.committer.commit({position(0, 7)}));
  CHECK(rig.log.calls == joined({{"begin", "write 1", "write 2"}, kAttempt}));
  CHECK(rig.log.read == std::vector<std::int64_t>{1, 2});
  CHECK(rig.log.marks[in(0)] == position(0, 7).mark);
  CHECK_FALSE(rig.committer.dirty());
  CHECK(rig.committer.renewals() == 0);
  rig.log.calls.clear();
  REQUIRE(rig.committer.commit({}));
  CHECK(rig.log.calls.empty());
  // Positions without results are a transaction, too.
  REQUIRE(rig.committer.commit({position(0, 8)}));
  CHECK(rig.log.calls == joined({{"begin"}, kAttempt}));
}

TEST_CASE("a call that fails costs the producer, and all is written again in its order") {
  const std::string call = GENERATE(as<std::string>(), "begin", "write 1", "write 2", "flush",
                                    "membership", "send_positions", "commit");
  const base::Error error = GENERATE(retriable(), fenced());
  CAPTURE(call, error.message);
  Rig rig;
  rig.log.fail(call, error);
  rig.write(1);
  rig.write(2);
  REQUIRE(rig.committer.commit({position(0, 7)}));
  CHECK(rig.log.read == std::vector<std::int64_t>{1, 2});
  CHECK(rig.log.marks[in(0)] == position(0, 7).mark);
  CHECK(rig.committer.renewals() == 1);
  CHECK(rig.log.count("committed") == 1);
  CHECK(rig.log.rested.count() > 0);
  CHECK(rig.told == Calls{error.message, ""});
  // Asked for after the new producer has ended what the former left, and before the next commit.
  const auto at = [&](const std::string& name) {
    return std::find(rig.log.calls.begin(), rig.log.calls.end(), name);
  };
  CHECK(at("renew") < at("init"));
  CHECK(at("init") < at("committed"));
}

TEST_CASE("an error that waiting does not mend ends the run where it came up") {
  const std::string call = GENERATE(as<std::string>(), "begin", "write 1", "flush", "membership",
                                    "send_positions", "commit");
  CAPTURE(call);
  Rig rig;
  rig.log.fail(call, fatal());
  base::Status status = rig.committer.write(output(1));
  if (status) status = rig.committer.commit({position(0, 7)});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kAuthorization);
  CHECK(rig.log.calls.back() == call);
  CHECK(rig.log.read.empty());
}

TEST_CASE("what is fatal or cancelled while the producer is replaced comes out as well") {
  const std::string call = GENERATE(as<std::string>(), "rest", "init", "committed");
  const base::Error error = GENERATE(fatal(), cancelled());
  CAPTURE(call, error.message);
  Rig rig;
  rig.write(1);
  rig.log.fail("commit", retriable());
  rig.log.fail(call, error);
  const base::Status status = rig.committer.commit({position(0, 7)});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == error.code);
  CHECK(rig.log.calls.back() == call);
}

TEST_CASE("a commit that happened though it failed is not repeated") {
  Rig rig;
  rig.write(1);
  rig.log.lands_unheard = true;
  rig.log.fail("commit", retriable());
  REQUIRE(rig.committer.commit({position(0, 7), position(1, 6)}));
  CHECK(rig.log.read == std::vector<std::int64_t>{1});
  CHECK(rig.log.count("write 1") == 1);
  // The next one compares with what is committed now.
  rig.write(2);
  rig.log.fail("commit", retriable());
  REQUIRE(rig.committer.commit({position(0, 8)}));
  CHECK(rig.log.read == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("a broker that stays away is asked again and again") {
  Rig rig;
  rig.write(1);
  rig.log.fail("commit", retriable(), 20);
  rig.log.fail("init", retriable(), 5);
  rig.log.fail("committed", retriable(), 5);
  REQUIRE(rig.committer.commit({position(0, 7)}));
  CHECK(rig.log.read == std::vector<std::int64_t>{1});
  CHECK(rig.log.count("commit") == 21);
  CHECK(rig.log.rested > std::chrono::seconds(10));  // and not all the time
}

TEST_CASE("start asks again as well, and ends with what cannot be mended") {
  ScriptedLog log;
  Calls told;
  sink::Committer committer(
      log, [](const sink::Origin&) { return true; },
      [&](std::string text) { told.push_back(std::move(text)); });
  log.fail("init", retriable(), 2);
  REQUIRE(committer.start());
  CHECK(told == Calls{"no answer", ""});
  CHECK(log.calls == Calls{"init", "rest", "renew", "init", "rest", "renew", "init"});
  log.fail("init", retriable());
  log.fail("rest", cancelled());
  const base::Status status = committer.start();
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kCancelled);
}

TEST_CASE("fenced twice without a commit in between: another run is the newer one") {
  Rig rig;
  rig.write(1);
  rig.log.fail("commit", fenced(), 2);
  const base::Status status = rig.committer.commit({position(0, 7)});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kFenced);
  CHECK_FALSE(status.error().retriable);
  SECTION("with one in between it is a mishap each time") {
    Rig other;
    for (std::int64_t offset = 7; offset < 10; ++offset) {
      other.write(offset);
      other.log.fail("commit", fenced());
      REQUIRE(other.committer.commit({position(0, offset)}));
    }
    CHECK(other.log.read == std::vector<std::int64_t>{7, 8, 9});
  }
}

TEST_CASE("a partition that is lost takes its outputs out of the open transaction") {
  Rig rig;
  rig.write(1, 0);
  rig.write(2, 1);
  rig.write(3, 0);
  rig.lost.insert(1);
  REQUIRE(rig.committer.commit({position(0, 7), position(1, 7)}));
  CHECK(rig.log.read == std::vector<std::int64_t>{1, 3});
  CHECK(rig.log.marks[in(0)] == position(0, 7).mark);
  CHECK(rig.log.marks[in(1)].metadata == "former");
  CHECK(rig.committer.renewals() == 1);
}

TEST_CASE("a partition without outputs in the transaction is dropped without a word") {
  Rig rig;
  rig.write(1, 0);
  rig.lost.insert(1);
  REQUIRE(rig.committer.commit({position(0, 7), position(1, 7)}));
  CHECK(rig.log.marks[in(1)].metadata == "former");
  CHECK(rig.committer.renewals() == 0);
}

TEST_CASE("a partition that is lost between the proof of membership and the positions") {
  const std::string when = GENERATE(as<std::string>(), "flush", "membership");
  CAPTURE(when);
  Rig rig;
  rig.write(1, 0);
  rig.write(2, 1);
  rig.log.before(when, [&] { rig.lost.insert(1); });
  REQUIRE(rig.committer.commit({position(0, 7), position(1, 7)}));
  CHECK(rig.log.read == std::vector<std::int64_t>{1});
  CHECK(rig.log.marks[in(1)].metadata == "former");
  CHECK(rig.log.count("send_positions") == 1);
}

TEST_CASE("of a commit that may have happened, what is still ours decides") {
  Rig rig;
  rig.write(1, 0);
  rig.write(2, 1);
  rig.log.fail("commit", retriable());
  rig.log.before("commit", [&] { rig.lost.insert(1); });
  SECTION("it had") {
    rig.log.lands_unheard = true;
    REQUIRE(rig.committer.commit({position(0, 7), position(1, 7)}));
    CHECK(rig.log.read == std::vector<std::int64_t>{1, 2});
  }
  SECTION("it had not") {
    REQUIRE(rig.committer.commit({position(0, 7), position(1, 7)}));
    CHECK(rig.log.read == std::vector<std::int64_t>{1});
    CHECK(rig.log.marks[in(1)].metadata == "former");
  }
  SECTION("nothing is") {
    rig.log.before("commit", [&] { rig.lost = {0, 1}; });
    REQUIRE(rig.committer.commit({position(0, 7), position(1, 7)}));
    CHECK(rig.log.read.empty());
    CHECK(rig.log.count("committed") == 0);
    CHECK_FALSE(rig.committer.dirty());
  }
}

TEST_CASE("somebody else's mark is looked at until the partition is known to be lost") {
  Rig rig;
  rig.write(1, 0);
  rig.write(2, 1);
  rig.log.fail("send_positions", retriable());
  rig.log.before("send_positions",
                 [&] { rig.log.marks[in(1)] = {.offset = 9, .metadata = "of another worker"}; });
  SECTION("which it is") {
    rig.log.before("committed", [&] { rig.log.before("rest", [&] { rig.lost.insert(1); }); });
    REQUIRE(rig.committer.commit({position(0, 7), position(1, 7)}));
    CHECK(rig.log.read == std::vector<std::int64_t>{1});
  }
  SECTION("which it is not: another run has taken over") {
    const base::Status status = rig.committer.commit({position(0, 7), position(1, 7)});
    REQUIRE_FALSE(status);
    CHECK(status.error().code == ErrorCode::kFenced);
    CHECK_FALSE(status.error().retriable);
    CHECK(status.error().message.find("in[1] was committed at offset 9") != std::string::npos);
    CHECK(rig.log.read.empty());
    CHECK(rig.log.rested > std::chrono::seconds(10));
  }
  SECTION("whatever its offset says") {
    rig.log.before("send_positions",
                   [&] { rig.log.marks[in(1)] = {.offset = 7, .metadata = "of another worker"}; });
    const base::Status status = rig.committer.commit({position(0, 7), position(1, 7)});
    REQUIRE_FALSE(status);
    CHECK(status.error().code == ErrorCode::kFenced);
  }
}

TEST_CASE("half of a transaction is never taken for all of it") {
  Rig rig;
  rig.write(1);
  rig.log.fail("commit", retriable());
  rig.log.before("commit", [&] { rig.log.marks[in(0)] = position(0, 7).mark; });
  const base::Status status = rig.committer.commit({position(0, 7), position(1, 7)});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kInternal);
  CHECK(status.error().message.find("1 of 2 positions") != std::string::npos);
}

// An older run that is fenced comes back with a producer which is newer than that of its successor:
// the broker would believe it.
TEST_CASE("a run that was fenced does not write what its successor has written") {
  Rig rig;
  rig.log.before("write 1",
                 [&] { rig.log.marks[in(0)] = {.offset = 7, .metadata = "of the successor"}; });
  rig.log.fail("write 1", fenced());
  // Nor what the successor has not come to: he is to find nothing of ours, or both of us would end.
  const int partition = GENERATE(0, 1);
  rig.write(1, partition);
  const base::Status status = rig.committer.commit({position(partition, 7)});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kFenced);
  CHECK(status.error().message.find("in[0] was committed at offset 7") != std::string::npos);
  CHECK(rig.log.read.empty());
}

TEST_CASE("whoever was fenced asks for all its partitions before it goes on") {
  Rig rig;
  rig.log.fail("begin", fenced());
  rig.write(1);
  SECTION("one that is not ours any more may be committed by anybody") {
    rig.lost.insert(1);
    rig.log.marks[in(1)] = {.offset = 9, .metadata = "successor"};
    REQUIRE(rig.committer.commit({position(0, 7)}));
    CHECK(rig.log.read == std::vector<std::int64_t>{1});
  }
  SECTION("once for a producer") {
    REQUIRE(rig.committer.commit({position(0, 7)}));
    rig.log.calls.clear();
    rig.write(2, 1);
    REQUIRE(rig.committer.commit({position(1, 6)}));
    CHECK(rig.log.count("committed") == 0);
  }
}

TEST_CASE("what was read before the present producer began is asked for again") {
  Rig rig;
  rig.log.fail("begin", fenced());
  rig.write(1);
  REQUIRE(rig.committer.commit({position(0, 7)}));
  rig.log.calls.clear();
  // Read at some time, told now.
  rig.committer.assigned(in(2), origin(2), Mark{});
  rig.write(2, 2);
  REQUIRE(rig.committer.commit({position(2, 1)}));
  CHECK(rig.log.count("committed") == 1);
  rig.log.calls.clear();
  REQUIRE(rig.committer.commit({position(0, 8), position(2, 2)}));
  CHECK(rig.log.count("committed") == 0);
}
