#include <headrace/pipeline/recovery.hpp>

#include <unistd.h>

#include <filesystem>

#include "catch.hpp"

using namespace headrace;
using namespace headrace::pipeline;

namespace {

namespace fs = std::filesystem;

const PartitionName kPartition{"stocks", 0};

// A directory that is gone with the test.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("headrace-recovery-" + std::to_string(getpid()))) {
    fs::remove_all(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::shared_ptr<checkpoint::Store> open() const {
    return checkpoint::open_directory_store(path_.string(), 3).value_or_throw();
  }

 private:
  fs::path path_;
};

checkpoint::Checkpoint state(std::uint64_t commit, std::int64_t offset,
                             const std::string& plan = "plan") {
  checkpoint::Checkpoint made;
  made.unit = unit_of(kPartition);
  made.pipeline = plan;
  made.commit = commit;
  made.read_to.push_back({.topic = "stocks", .partition = 0, .offset = offset});
  return made;
}

source::CommittedOffset committed(std::uint64_t commit, std::int64_t offset, bool finished = false,
                                  const std::string& plan = "plan") {
  return {.offset = offset,
          .metadata = to_text({.commit = commit,
                               .from = 3,
                               .finished = finished,
                               .plan = plan,
                               .run = "former",
                               .digest = "abc"})};
}

}  // namespace

TEST_CASE("recovery: without a committed position a partition begins where it is told") {
  Recovery recovery({.store = nullptr, .plan = "plan", .by_commits = true});
  CHECK_FALSE(recovery.ready());
  recovery.open();
  CHECK(recovery.ready());
  CHECK(recovery.take(kPartition) == nullptr);
  CHECK(recovery.begin(kPartition, {}, 42).value_or_throw() == 42);
  const auto found = recovery.take(kPartition);
  CHECK(found->begin == 42);
  CHECK(found->replay_until == 42);
  CHECK(found->commit == 0);
  CHECK_FALSE(found->state);
}

TEST_CASE("recovery: without a checkpoint all since the state began is computed again") {
  Recovery recovery({.store = nullptr, .plan = "plan", .by_commits = true});
  CHECK(recovery.begin(kPartition, committed(5, 100), 0).value_or_throw() == 3);
  const auto found = recovery.take(kPartition);
  CHECK(found->replay_until == 100);
  CHECK(found->digest == "abc");
  CHECK(found->commit == 5);
}

TEST_CASE("recovery: where positions are kept with the results, those count") {
  base::Result<source::CommittedOffset> kept = committed(5, 100);
  Recovery recovery({.plan = "plan", .by_commits = true, .committed = [&](const PartitionName& of) {
                       CHECK(of == kPartition);
                       return kept;
                     }});
  CHECK(recovery.begin(kPartition, committed(9, 900), 0).value_or_throw() == 3);
  CHECK(recovery.take(kPartition)->replay_until == 100);
  kept = source::CommittedOffset{};
  CHECK(recovery.begin(kPartition, committed(9, 900), 42).value_or_throw() == 42);
  kept = base::Error{.code = base::ErrorCode::kIo, .message = "no answer"};
  CHECK(recovery.begin(kPartition, committed(9, 900), 0).error().message == "no answer");
}

TEST_CASE("recovery: the newest checkpoint that is not ahead of the commit") {
  const Folder folder;
  const auto store = folder.open();
  for (const auto& one : {state(4, 40), state(7, 70), state(9, 90)}) {
    REQUIRE(store->write(one).ok());
  }
  Recovery recovery({.store = store, .plan = "plan", .by_commits = true});
  CHECK(recovery.begin(kPartition, committed(8, 80), 0).value_or_throw() == 70);
  const auto found = recovery.take(kPartition);
  REQUIRE(found->state);
  CHECK(found->state->commit == 7);
  CHECK(found->first == 3);
  CHECK(recovery.story().front() == "restored checkpoint of stocks[0] at offset 70");
  recovery.done_with(kPartition);
  CHECK_FALSE(recovery.take(kPartition)->state);
  // Of a commit that did not happen: as if it were not there.
  CHECK(recovery.begin(kPartition, committed(3, 30), 0).value_or_throw() == 3);
}

TEST_CASE("recovery: a position that somebody else committed has no state") {
  Recovery recovery({.store = nullptr, .plan = "plan", .by_commits = true});
  CHECK(recovery.begin(kPartition, {.offset = 50, .metadata = ""}, 0).value_or_throw() == 50);
  CHECK(recovery.take(kPartition)->digest.empty());
  CHECK(recovery.story().front() ==
        "stocks[0]: the position 50 was committed by somebody else; its state begins there");
}

TEST_CASE("recovery: what the end of a run gave out is not computed again") {
  const Folder folder;
  const auto store = folder.open();
  REQUIRE(store->write(state(4, 40)).ok());
  Recovery recovery({.store = store, .plan = "plan", .by_commits = true});
  CHECK(recovery.begin(kPartition, committed(6, 60, true), 0).value_or_throw() == 60);
  CHECK_FALSE(recovery.take(kPartition)->state);
  REQUIRE(store->write(state(6, 60)).ok());
  CHECK(recovery.begin(kPartition, committed(6, 60, true), 0).value_or_throw() == 60);
  CHECK(recovery.take(kPartition)->state);
}

TEST_CASE("recovery: state of another pipeline is computed again, and not compared") {
  const Folder folder;
  const auto store = folder.open();
  REQUIRE(store->write(state(4, 40, "older plan")).ok());
  Recovery recovery({.store = store, .plan = "plan", .by_commits = true});
  CHECK(recovery.begin(kPartition, committed(6, 60, false, "older plan"), 0).value_or_throw() == 3);
  CHECK(recovery.take(kPartition)->digest.empty());
  CHECK(recovery.story().size() == 2);  // what was refused, and what is done instead
}

TEST_CASE("recovery: checkpoints alone say where to go on, or refuse") {
  const Folder folder;
  const auto store = folder.open();
  Recovery fresh({.store = store, .plan = "plan"});
  CHECK(fresh.begin(kPartition, committed(8, 80), 12).value_or_throw() == 12);
  REQUIRE(store->write(state(4, 40)).ok());
  Recovery recovery({.store = store, .plan = "plan"});
  CHECK(recovery.begin(kPartition, committed(8, 80), 12).value_or_throw() == 40);
  CHECK(recovery.take(kPartition)->replay_until == 40);
  Recovery other({.store = store, .plan = "another plan"});
  const auto refused = other.begin(kPartition, {}, 0);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == base::ErrorCode::kCheckpoint);
}

TEST_CASE("recovery: partitions that flow together have one state") {
  const Folder folder;
  const auto store = folder.open();
  checkpoint::Checkpoint both = state(4, 40);
  both.unit = kMergedUnit;
  both.read_to.push_back({.topic = "stocks", .partition = 1, .offset = 44});
  REQUIRE(store->write(both).ok());
  Recovery recovery({.store = store, .plan = "plan", .by_commits = true, .merged = true});
  CHECK(recovery.begin(kPartition, committed(5, 60), 0).value_or_throw() == 40);
  CHECK(recovery.begin({"stocks", 1}, committed(5, 66), 0).value_or_throw() == 44);
  CHECK(recovery.begin({"stocks", 2}, {}, 7).value_or_throw() == 7);  // a new one
  CHECK(recovery.take(kPartition)->state == recovery.take({"stocks", 1})->state);
}

TEST_CASE("recovery: results that come to something else end the run") {
  Recovery recovery({.store = nullptr, .plan = "plan", .by_commits = true});
  const Restored same{.digest = text_of(Digest{})};
  CHECK(recovery.verify("stocks[0]", 12, same, Digest{}).ok());
  CHECK(recovery.story().back() == "stocks[0]: replayed 12 records, state verified");
  const Restored other{.replay_until = 99, .digest = "0123"};
  const base::Status status = recovery.verify("stocks[0]", 12, other, Digest{});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == base::ErrorCode::kCheckpoint);
  CHECK(status.error().message.find("stocks[0]: the state at offset 99 is not what it was") == 0);
}

TEST_CASE("recovery: with other models state goes on, and results are not compared") {
  Recovery recovery({.store = nullptr, .plan = "plan", .models = "new", .by_commits = true});
  CHECK(recovery.begin(kPartition, committed(5, 100), 0).value_or_throw() == 3);
  CHECK(recovery.take(kPartition)->digest.empty());
  CHECK(recovery.story().back().find("other models (new") != std::string::npos);
  CommitMark same = mark_from(committed(5, 100).metadata).value();
  same.models = "new";
  const source::CommittedOffset now{.offset = 100, .metadata = to_text(same)};
  CHECK(recovery.begin(kPartition, now, 0).value_or_throw() == 3);
  CHECK(recovery.take(kPartition)->digest == "abc");
}

TEST_CASE("recovery: a savepoint is for who has no checkpoint, whichever pipeline made it") {
  const Folder folder;
  const auto store = folder.open();
  const auto saved = store->begin_savepoint("one").value_or_throw();
  REQUIRE(saved->write(state(5, 50, "former")));
  REQUIRE(store->seal_savepoint("one"));
  const auto begun_with = [&](std::uint64_t commit, std::int64_t offset) {
    return Recovery({.store = store,
                     .savepoint = store->savepoint("one").value_or_throw(),
                     .plan = "plan",
                     .by_commits = true})
        .begin(kPartition, committed(commit, offset, false, "former"), 0);
  };
  CHECK(begun_with(8, 80).value_or_throw() == 50);
  REQUIRE(store->write(state(7, 70)));
  CHECK(begun_with(8, 80).value_or_throw() == 70);
  CHECK(begun_with(6, 60).value_or_throw() == 50);
  const auto set_back = begun_with(4, 40);
  REQUIRE_FALSE(set_back);
  CHECK(set_back.error().message.find("ahead of what is committed") != std::string::npos);
}

TEST_CASE("recovery: part of a savepoint is nothing to those whose partitions flow together") {
  const Folder folder;
  const auto store = folder.open();
  const auto saved = store->begin_savepoint("one").value_or_throw();
  checkpoint::Checkpoint merged = state(5, 50, "former");
  merged.unit = kMergedUnit;
  REQUIRE(saved->write(merged));
  REQUIRE(store->seal_savepoint("one"));
  Recovery recovery({.store = store,
                     .savepoint = store->savepoint("one").value_or_throw(),
                     .plan = "plan",
                     .by_commits = true,
                     .merged = true});
  CHECK_FALSE(recovery.begin(kPartition, committed(8, 80), 0));
}

TEST_CASE("recovery: a look at the past uses no checkpoint that is later") {
  const Folder folder;
  const auto store = folder.open();
  for (const std::int64_t offset : {10, 20, 30}) {
    REQUIRE(store->write(state(static_cast<std::uint64_t>(offset), offset)));
  }
  const auto begun_for = [&](std::int64_t position) {
    return Recovery({.store = store, .plan = "plan", .up_to = {{kPartition, position}}})
        .begin(kPartition, {}, 3)
        .value_or_throw();
  };
  CHECK(begun_for(30) == 30);
  CHECK(begun_for(29) == 20);
  CHECK(begun_for(10) == 10);
  CHECK(begun_for(9) == 3);
  Recovery recovery({.store = store, .plan = "plan", .up_to = {{kPartition, 2}}});
  const auto gone = recovery.begin(kPartition, {}, 3);
  REQUIRE_FALSE(gone);
  CHECK(
      gone.error().message ==
      "stocks[0]: there is no checkpoint up to offset 2, and records only from 3 on to compute it "
      "from");
}
