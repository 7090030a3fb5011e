#include <headrace/checkpoint/kafka_store.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "catch.hpp"
#include "checkpoint/support.hpp"
#include "checkpoint/topic_support.hpp"

#include <headrace/base/failpoint.hpp>

using namespace headrace;
using namespace headrace::checkpoint;
using namespace headrace::test;
using Commits = std::vector<std::uint64_t>;

namespace {

std::shared_ptr<Store> open(const Topic& topic, std::size_t keep = 2) {
  return open_kafka_store({.client = topic.cluster.client(), .topic = "checkpoints", .keep = keep})
      .value_or_throw();
}

void write(Store& store, const Checkpoint& checkpoint) { store.write(checkpoint).throw_if_error(); }

// Changes the record of the topic that has this key, as no one should.
void put(const Topic& topic, const Got& record, std::string value) {
  sink::ProducerRecord made;
  made.topic = "checkpoints";
  made.key = record.key;
  made.value = value;
  made.tombstone = value.empty();
  made.partition = record.partition;
  topic.cluster.producer->produce(made).throw_if_error();
  topic.cluster.producer->flush(10s).throw_if_error();
}

Got chunk_of(const Topic& topic, std::int64_t nth_newest) {
  std::vector<Got> chunks;
  for (const auto& [key, record] : topic.remaining()) {
    if (key.second.starts_with("c ")) chunks.push_back(record);
  }
  std::ranges::sort(chunks, std::greater{}, &Got::offset);
  return chunks.at(static_cast<std::size_t>(nth_newest));
}

// Of a process that writes commit 2, in two chunks, and passes these failpoints.
int signal_of_writer(const Topic& topic, const char* failpoints) {
  const std::string store = "kafka:" + topic.cluster.client().bootstrap;
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("HEADRACE_FAILPOINTS", failpoints, 1);
    ::execl(HEADRACE_WRITER, HEADRACE_WRITER, store.c_str(), "2", "2", "/dev/null", "1000000",
            nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE("a topic that is looked at is not made") {
  const Topic topic;
  const auto store =
      open_kafka_store({.client = topic.cluster.client(), .topic = "checkpoint", .make = false});
  REQUIRE_FALSE(store);
  CHECK(store.error().code == base::ErrorCode::kTopicNotFound);
  CHECK(store.error().message.find("did you mean \"checkpoints\"?") != std::string::npos);
}

TEST_CASE("a checkpoint in a topic comes back as it was, for anyone") {
  for (const int partitions : {1, 4}) {
    const Topic topic(partitions);
    const Checkpoint large = sample(41, 2'500'000);
    {
      const auto store = open(topic);
      write(*store, large);
      write(*store, sample(40, 300, "stocks-1"));
    }
    const auto store = open(topic);
    CHECK(store->describe() == "kafka://checkpoints");
    CHECK(store->units().value_or_throw() == std::vector<std::string>{"stocks-0", "stocks-1"});
    const std::vector<Stored> kept = store->list("stocks-0").value_or_throw();
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].commit == 41);
    CHECK(kept[0].bytes == encode(large).size());
    CHECK(kept[0].pipeline == large.pipeline);
    CHECK(kept[0].read_to == large.read_to);
    CHECK(kept[0].facts == large.facts);
    CHECK(kept[0].where.starts_with("kafka://checkpoints/stocks-0/41."));
    CHECK(store->verify(kept[0]));
    CHECK(store->load(kept[0]).value_or_throw() == large);
    CHECK(newest(*store, "stocks-1") == 40);
    CHECK(store->list("stocks-2").value_or_throw().empty());
  }
}

TEST_CASE("two processes see what the other one writes") {
  const Topic topic;
  const auto one = open(topic);
  const auto other = open(topic);
  CHECK(newest(*other) == 0);
  write(*one, sample(1));
  CHECK(newest(*other) == 1);
  write(*other, sample(2));
  CHECK(commits(*one) == Commits{2, 1});
  write(*other, sample(3));
  CHECK(commits(*one) == Commits{3, 2});
}

TEST_CASE("what is outdated in a topic has tombstones") {
  const Topic topic;
  const auto store = open(topic);
  for (std::uint64_t commit = 1; commit <= 5; ++commit) write(*store, sample(commit, 1'000'000));
  CHECK(commits(*store) == Commits{5, 4});
  // Of each a manifest and two chunks.
  CHECK(topic.remaining().size() == 6);
  write(*store, sample(5, 300));  // again, and smaller
  CHECK(topic.remaining().size() == 5);
  CHECK(newest(*store) == 5);
  const auto other = open(topic);
  CHECK(commits(*other) == Commits{5, 4});
  CHECK(other->load(other->list("stocks-0").value_or_throw()[0]).value_or_throw() ==
        sample(5, 300));
}

TEST_CASE("a history that was given up goes from a topic too") {
  const Topic topic;
  write(*open(topic), sample(100));
  const auto store = open(topic);
  write(*store, sample(7));
  CHECK(commits(*store) == Commits{7});
  CHECK(topic.remaining().size() == 2);
}

TEST_CASE("a damaged or missing chunk makes recovery take the one before") {
  for (const bool missing : {true, false}) {
    Topic topic(2);
    const auto store = open(topic);
    write(*store, sample(1));
    write(*store, sample(2));
    REQUIRE(newest(*store) == 2);
    // As after compaction, so that the whole one is gone.
    const Got first = chunk_of(topic, 1);
    const Got chunk = chunk_of(topic, 0);
    topic.cluster.mock.delete_records("checkpoints", chunk.partition, chunk.offset + 1)
        .throw_if_error();
    put(topic, first, first.value);
    std::string value = chunk.value;
    value[value.size() / 2] ^= 1;
    put(topic, chunk, missing ? "" : value);
    const auto later = open(topic);
    const std::vector<Stored> kept = later->list("stocks-0").value_or_throw();
    REQUIRE(kept.size() == 2);
    const base::Result<Checkpoint> loaded = later->load(kept[0]);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == base::ErrorCode::kCheckpoint);
    CHECK(loaded.error().message ==
          kept[0].where + (missing ? ": the checkpoint is not whole: chunk 0 of 1 is missing"
                                   : ": the checkpoint is damaged: \"0 sma\""));
    CHECK_FALSE(later->verify(kept[0]));
    CHECK(newest(*later) == 1);
  }
}

TEST_CASE("a damaged manifest is listed with its reason") {
  const Topic topic;
  const auto store = open(topic);
  write(*store, sample(1));
  write(*store, sample(2));
  for (const auto& [key, record] : topic.remaining()) {
    if (!key.second.starts_with("m - 2 ")) continue;
    std::string value = record.value;
    value.back() ^= 1;
    put(topic, record, value);
  }
  const std::vector<Stored> kept = store->list("stocks-0").value_or_throw();
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].trouble == kept[0].where + ": the checkpoint's manifest is damaged");
  CHECK(store->load(kept[0]).error().message == kept[0].trouble);
  CHECK(newest(*store) == 1);
}

#ifdef HEADRACE_FAILPOINTS

TEST_CASE("one who dies at any place of writing leaves the old one, and no rubbish") {
  for (const char* place :
       {"checkpoint.before_manifest=kill", "checkpoint.chunk=kill", "checkpoint.chunk=kill@2",
        "checkpoint.after_chunks=kill", "checkpoint.after_manifest=kill"}) {
    INFO(place);
    const Topic topic;
    write(*open(topic), sample(1));
    REQUIRE(signal_of_writer(topic, place) == SIGKILL);
    const auto store = open(topic);
    CHECK(newest(*store) == (std::string(place).starts_with("checkpoint.after_manifest") ? 2 : 1));
    write(*store, sample(3));
    write(*store, sample(4));
    CHECK(commits(*store) == Commits{4, 3});
    CHECK(topic.remaining().size() == 4);
  }
}

TEST_CASE("what was not acknowledged is an error, and the next one is written") {
  const Topic topic;
  const auto store = open(topic);
  write(*store, sample(1));
  for (const char* flush : {"1", "2", "3"}) {
    REQUIRE(base::set_failpoints(std::string("checkpoint.topic_flush=fail@") + flush));
    const base::Status status = store->write(sample(2));
    CHECK_FALSE(status);
    REQUIRE(base::set_failpoints(""));
    CHECK(newest(*store) >= 1);
  }
  write(*store, sample(3));
  write(*store, sample(4));
  CHECK(commits(*open(topic)) == Commits{4, 3});
  CHECK(topic.remaining().size() == 4);
}

#endif

TEST_CASE("savepoints in a topic are there once they are sealed, and until they are removed") {
  const Topic topic;
  const auto store = open(topic);
  const auto saved = store->begin_savepoint("before-upgrade").value_or_throw();
  write(*saved, sample(5));
  write(*saved, sample(5, 300, "stocks-1"));
  CHECK(store->savepoints().value_or_throw().empty());
  CHECK_FALSE(store->savepoint("before-upgrade"));
  REQUIRE(store->seal_savepoint("before-upgrade"));
  for (std::uint64_t commit = 6; commit < 9; ++commit) write(*store, sample(commit));

  const auto later = open(topic);
  CHECK(later->savepoints().value_or_throw() == std::vector<std::string>{"before-upgrade"});
  CHECK(later->units().value_or_throw() == std::vector<std::string>{"stocks-0"});
  const auto found = later->savepoint("before-upgrade").value_or_throw();
  CHECK(found->describe() == "kafka://checkpoints/savepoints/before-upgrade");
  CHECK(found->units().value_or_throw() == std::vector<std::string>{"stocks-0", "stocks-1"});
  CHECK(newest(*found) == 5);
  CHECK_FALSE(later->begin_savepoint("before-upgrade"));
  CHECK_FALSE(later->begin_savepoint("Not A Name"));
  CHECK(later->savepoint("before-upgade").error().message ==
        "there is no savepoint \"before-upgade\" in kafka://checkpoints (did you mean "
        "\"before-upgrade\"?)");
  REQUIRE(later->remove_savepoint("before-upgrade"));
  CHECK(store->savepoints().value_or_throw().empty());
  CHECK(topic.remaining().size() == 4);
  CHECK_FALSE(later->remove_savepoint("before-upgrade"));
}

TEST_CASE("a savepoint in a topic that was not finished leaves nothing behind") {
  const Topic topic;
  write(*open(topic)->begin_savepoint("a").value_or_throw(), sample(1));
  const auto store = open(topic);
  CHECK_FALSE(store->seal_savepoint("a"));
  write(*store->begin_savepoint("a").value_or_throw(), sample(2, 300, "stocks-1"));
  REQUIRE(store->seal_savepoint("a"));
  CHECK(store->savepoint("a").value_or_throw()->units().value_or_throw() ==
        std::vector<std::string>{"stocks-1"});
  CHECK(topic.remaining().size() == 3);
}
