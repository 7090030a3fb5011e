// E12: each system call of writing a checkpoint fails once, in each way that a disk has.
#include <algorithm>

#include "catch.hpp"
#include "checkpoint/syscalls/run_writer.hpp"

using namespace headrace;
using namespace headrace::test;

namespace {

struct Outcome {
  bool hit = false;
  std::string call;                 // that failed
  std::vector<std::uint64_t> done;  // commits whose write was acknowledged
  std::vector<std::string> failed;  // what a user would read
  bool opened = true;
  bool synced_again = false;
};

Outcome outcome_of(const std::vector<std::string>& lines) {
  Outcome seen;
  for (const std::string& line : lines) {
    if (line.starts_with("hit ")) {
      seen.hit = true;
      seen.call = line.substr(4);
    }
    if (line.starts_with("done ")) seen.done.push_back(std::stoull(line.substr(5)));
    if (line.starts_with("failed ")) seen.failed.push_back(line);
    if (line.starts_with("closed ")) seen.opened = false;
    if (line == "again") seen.synced_again = true;
  }
  return seen;
}

// Commits 3 and 4 behind 1 and 2, or the first four in a directory that is not there yet.
void check_fault(const Fault& fault, bool begun, Outcome& seen) {
  const Folder folder;
  const Folder aside;
  const fs::path directory = folder.path / "state";
  std::uint64_t before = 0;
  if (begun) {
    const auto store = checkpoint::open_directory_store(directory.string(), 2).value_or_throw();
    for (before = 1; before < 3; ++before) store->write(sample(before)).throw_if_error();
    before = 2;
  }
  seen = outcome_of(run_writer(directory, before + 1, before + 2, fault, aside.path / "log"));
  INFO("call " << fault.at << ' ' << seen.call << ' ' << fault.error << " ever " << fault.ever
               << " begun " << begun);
  CHECK_FALSE(seen.synced_again);
  const std::uint64_t acknowledged = std::max(before, seen.done.empty() ? 0 : seen.done.back());
  const auto store = checkpoint::open_directory_store(directory.string(), 2).value_or_throw();
  const std::uint64_t found = newest(*store);
  CHECK(found >= acknowledged);
  CHECK(found <= before + 2);
  // The one after it succeeds, and what failed was said.
  if (seen.opened && !fault.ever) CHECK(seen.done.size() + seen.failed.size() == 2);
  if (seen.opened && !fault.ever) CHECK(seen.failed.size() <= 1);
  for (const std::string& text : seen.failed) CHECK(text.find("cannot ") != std::string::npos);
  if (fault.error == "EINTR" && !fault.ever) CHECK(seen.done.size() == 2);
  if (fault.error == "SHORT") CHECK(seen.done.size() == 2);
  // And the next life goes on, in the room that is left.
  store->write(sample(before + 3)).throw_if_error();
  CHECK(newest(*store) == before + 3);
  CHECK(commits(*store).size() <= 2);
}

// Every n until none is hit; how many were. Only a write can be short, so there are gaps between.
long check_every_call(const std::string& error, bool ever, bool begun) {
  constexpr long kMost = 80;  // more than there are
  long hits = 0;
  for (long at = 1; at < kMost; ++at) {
    Outcome seen;
    check_fault({.at = at, .error = error, .ever = ever}, begun, seen);
    hits += seen.hit ? 1 : 0;
    if (!seen.hit && error != "SHORT") return hits;
  }
  CHECK(error == "SHORT");
  return hits;
}

}  // namespace

TEST_CASE(
    "any system call that fails once leaves the old checkpoint, and the next one is written") {
  for (const bool begun : {true, false}) {
    // At the least, twice: open, four writes, sync and close of the file, rename, and open, sync
    // and close of its directory.
    for (const char* error : {"EIO", "ENOSPC", "EINTR", "EROFS"}) {
      CHECK(check_every_call(error, false, begun) > 22);
    }
    CHECK(check_every_call("SHORT", false, begun) >= 8);
  }
}

TEST_CASE("a disk that fails from one call on leaves the old checkpoint") {
  for (const bool begun : {true, false}) {
    for (const char* error : {"EIO", "ENOSPC", "EROFS"}) {
      CHECK(check_every_call(error, true, begun) > 5);
    }
  }
}
