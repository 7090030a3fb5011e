// Consumer groups: members come and go, and nothing is lost or handed on by two of them.
#include <headrace/source/kafka/kafka_source.hpp>

#include <librdkafka/rdkafka.h>

#include <set>
#include <thread>

#include "catch.hpp"
#include "kafka_support.hpp"

using namespace headrace;
using namespace headrace::test;
using source::EventKind;

namespace {

constexpr int kPartitions = 6;

source::KafkaSourceConfig member(const Cluster& cluster, const std::string& strategy) {
  auto config = cluster.config({"bars"});
  config.group = "desk";
  config.client.extra = {{"partition.assignment.strategy", strategy},
                         {"session.timeout.ms", "6000"},
                         {"heartbeat.interval.ms", "200"}};
  return config;
}

std::unique_ptr<source::Source> open(source::KafkaSourceConfig config) {
  return source::make_kafka_source(std::move(config)).value_or_throw();
}

std::size_t owned(const Log& log) { return log.epochs.size(); }

// Commits what was delivered, as an engine does after its outputs.
void commit(source::Source& source) {
  const base::Status done = source.commit(source.positions(), 5s);
  // The mock broker, unlike a real one, takes no commit while the group rebalances.
  if (!done && !done.error().retriable) done.throw_if_error();
}

// No record of a partition that was not ours when it was delivered, and within an epoch every
// offset follows the one before.
void check_epochs(const Log& log) {
  std::map<std::pair<int, std::uint32_t>, std::int64_t> next;
  for (const Got& r : log.records) {
    REQUIRE(r.epoch != 0);
    const auto [at, fresh] = next.try_emplace({r.partition, r.epoch}, r.offset);
    if (!fresh) REQUIRE(r.offset == at->second + 1);
    at->second = r.offset;
  }
}

}  // namespace

TEST_CASE("a membership that has not begun is no proof of one") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.mock.set_broker_up(1, false).throw_if_error();
  const auto source = open(member(cluster, "range"));
  const auto before = source->membership();
  REQUIRE_FALSE(before);
  CHECK(before.error().retriable);
  cluster.mock.set_broker_up(1, true).throw_if_error();
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return owned(log) == 1; }));
  const auto joined = source->membership();
  REQUIRE(joined);
  CHECK(*joined != source::membership_of("desk"));
}

TEST_CASE("a member alone reads everything, and its successor goes on from the commit") {
  Cluster cluster;
  cluster.topic("bars", 2);
  cluster.fill("bars", 0, 100);
  cluster.fill("bars", 1, 100);
  {
    auto source = open(member(cluster, "range"));
    Log log;
    REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 200; }));
    commit(*source);
    source->close(5s);
  }
  cluster.fill("bars", 1, 7);
  auto source = open(member(cluster, "range"));
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 7; }));
  CHECK(offsets_of(log, 0).empty());
  CHECK(offsets_of(log, 1) == range(100, 107));
  CHECK(source->positions().size() == 2);
}

TEST_CASE("a group without commits starts where it is told") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 50);
  auto config = member(cluster, "range");
  config.start.at = source::StartAt::kLatest;
  auto source = open(config);
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return owned(log) == 1; }));
  cluster.fill("bars", 0, 5);
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 5; }));
  CHECK(offsets_of(log, 0) == range(50, 55));
}

TEST_CASE("a bounded read in a group ends") {
  Cluster cluster;
  cluster.topic("bars", 2);
  cluster.fill("bars", 0, 10);
  auto config = member(cluster, "range");
  config.bounded = true;
  auto source = open(config);
  const Log log = read_all(*source);
  CHECK(log.end);
  CHECK(offsets_of(log, 0) == range(0, 10));
}

TEST_CASE("a second member takes over partitions; together they read everything once") {
  const std::string strategy = GENERATE(std::string("range"), std::string("cooperative-sticky"));
  INFO(strategy);
  Cluster cluster;
  cluster.topic("bars", kPartitions);
  const auto fill = [&](int count) {
    for (int p = 0; p < kPartitions; ++p) cluster.fill("bars", p, count);
  };
  fill(200);
  auto first = open(member(cluster, strategy));
  Log a;
  REQUIRE(poll_until(*first, a, [&] { return a.records.size() == 200U * kPartitions; }));
  commit(*first);

  auto second = open(member(cluster, strategy));
  Log b;
  const auto both = [&](const std::function<bool()>& done) {
    const auto end = Clock::now() + 30s;
    while (!done()) {
      REQUIRE(Clock::now() < end);
      REQUIRE(step(*first, a, 20ms));
      commit(*first);
      REQUIRE(step(*second, b, 20ms));
      commit(*second);
    }
  };
  both([&] { return owned(a) == kPartitions / 2 && owned(b) == kPartitions / 2; });
  fill(300);
  both([&] { return a.records.size() + b.records.size() >= 500U * kPartitions; });
  check_epochs(a);
  check_epochs(b);
  // Every commit came after its records were delivered, so here even the sum is exact.
  std::multiset<std::pair<int, std::int64_t>> all;
  for (const Log* log : {&a, &b}) {
    for (const Got& r : log->records) all.emplace(r.partition, r.offset);
  }
  CHECK(all.size() == 500U * kPartitions);
  CHECK(std::set<std::pair<int, std::int64_t>>(all.begin(), all.end()).size() == all.size());
  if (strategy == "cooperative-sticky") {
    CHECK(a.count(EventKind::kRevoked) == kPartitions / 2);  // the others stayed
  } else {
    CHECK(a.count(EventKind::kRevoked) >= kPartitions);  // and again where a heartbeat came late
  }

  // The first leaves; the second gets the rest.
  first->close(5s);
  fill(100);
  REQUIRE(poll_until(*second, b, [&] { return owned(b) == kPartitions; }));
  REQUIRE(poll_until(*second, b,
                     [&] { return a.records.size() + b.records.size() >= 600U * kPartitions; }));
  check_epochs(b);
}

TEST_CASE("after a revocation nothing of the partition is delivered, committed or counted") {
  Cluster cluster;
  cluster.topic("bars", 2);
  cluster.fill("bars", 0, 5000);
  cluster.fill("bars", 1, 5000);
  auto config = member(cluster, "range");
  config.poll_max = 20;  // many polls, so that the revocation comes amid records
  auto first = open(config);
  Log a;
  REQUIRE(poll_until(*first, a, [&] { return a.records.size() > 1000; }));
  auto second = open(config);
  Log b;
  const auto end = Clock::now() + 30s;
  while (owned(b) == 0) {
    REQUIRE(Clock::now() < end);
    REQUIRE(step(*first, a, 5ms));
    REQUIRE(step(*second, b, 5ms));
  }
  check_epochs(a);
  check_epochs(b);
  // A stale position is not committed: it would put the other member's partition back.
  const record::TaskId theirs = b.epochs.begin()->first;
  const source::TaskPosition stale{.task = theirs, .epoch = 1, .position = 3};
  CHECK(first->commit({&stale, 1}, 5s));
  for (const auto& position : first->positions()) CHECK(position.task != theirs);
}

TEST_CASE("between a revocation and the next poll the group still hears a commit") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 100);
  auto first = open(member(cluster, "range"));
  Log a;
  REQUIRE(poll_until(*first, a, [&] { return a.records.size() == 100; }));
  auto second = open(member(cluster, "range"));
  Log b;
  const auto end = Clock::now() + 30s;
  while (a.count(EventKind::kRevoked) == 0) {
    REQUIRE(Clock::now() < end);
    REQUIRE(step(*first, a, 5ms));
    REQUIRE(step(*second, b, 5ms));
  }
  const source::TaskPosition finished{.task = {0, 0}, .epoch = 1, .position = 100};
  const base::Status heard = first->commit({&finished, 1}, 5s);
  // The mock broker refuses while the group rebalances (a real one takes it); what matters is that
  // it was asked, as a member of the generation that is ending.
  if (!heard) CHECK(heard.error().native_code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
  REQUIRE(step(*first, a, 5ms));
  CHECK(first->commit({&finished, 1}, 5s));  // too late: given back, and left out
}

TEST_CASE("a missing topic of a group is waited for") {
  Cluster cluster;
  cluster.topic("ohlcv", 1);
  auto config = member(cluster, "range");
  config.topics = {"ohclv"};
  config.metadata_refresh = 500ms;
  auto source = open(config);
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kWaiting) == 1; }));
  CHECK(log.first(EventKind::kWaiting)->error.message.find("(did you mean \"ohlcv\"?)") !=
        std::string::npos);
  cluster.topic("ohclv", 1);
  cluster.fill("ohclv", 0, 5);
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 5; }));
}

TEST_CASE("a static member that was fenced joins again, once") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 10);
  auto config = member(cluster, "range");
  config.group_instance = "worker-1";
  auto source = open(config);
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 10; }));
  commit(*source);
  constexpr std::int16_t kHeartbeat = 12;
  cluster.mock.push_request_error(kHeartbeat, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 1);
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kRevoked) == 1; }));
  cluster.fill("bars", 0, 5);
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 15; }));
  CHECK(offsets_of(log, 0) == range(0, 15));
  CHECK(log.epochs.at({0, 0}) == 2);
  cluster.mock.push_request_error(kHeartbeat, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 1);
  CHECK_FALSE(poll_until(
      *source, log, [] { return false; }, 10s));
  REQUIRE(log.error);
  CHECK(log.error->native_code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
}

TEST_CASE("a commit with no broker there fails soon and does not hold up a stop") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 10);
  auto source = open(member(cluster, "range"));
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 10; }));
  cluster.mock.set_broker_up(1, false).throw_if_error();
  REQUIRE(poll_until(*source, log, [&] { return log.count(EventKind::kBroken) > 0; }));
  const auto start = Clock::now();
  const auto committed = source->commit(source->positions(), 5s);
  REQUIRE_FALSE(committed);
  CHECK(committed.error().retriable);
  source->close(300ms);
  CHECK(Clock::now() - start < 3s);  // of more than five
  cluster.mock.set_broker_up(1, true).throw_if_error();
}

TEST_CASE("a commit that hangs is ended by a wake") {
  Cluster cluster;
  cluster.topic("bars", 1);
  cluster.fill("bars", 0, 10);
  auto source = open(member(cluster, "range"));
  Log log;
  REQUIRE(poll_until(*source, log, [&] { return log.records.size() == 10; }));
  cluster.mock.set_round_trip(1, 20'000).throw_if_error();
  const auto start = Clock::now();
  std::thread waker([&] {
    std::this_thread::sleep_for(200ms);
    source->wake();
  });
  const auto committed = source->commit(source->positions(), 30s);
  waker.join();
  REQUIRE_FALSE(committed);
  CHECK(committed.error().message == "group \"desk\": its coordinator does not answer");
  CHECK(Clock::now() - start < 5s);
  cluster.mock.set_round_trip(1, 0).throw_if_error();
}
