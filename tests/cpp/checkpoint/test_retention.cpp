#include <headrace/checkpoint/retention.hpp>

#include <algorithm>

#include "catch.hpp"
#include "checkpoint/support.hpp"

using namespace headrace::checkpoint;
using namespace headrace::test;
using Commits = std::vector<std::uint64_t>;

namespace {

constexpr const char* kOurs = "9f2c";

Stored stored(std::uint64_t commit, const std::string& pipeline = kOurs) {
  return {
      .unit = "stocks-0", .commit = commit, .where = std::to_string(commit), .pipeline = pipeline};
}

Commits sorted(const std::vector<Stored>& found) {
  Commits all;
  for (const Stored& one : found) all.push_back(one.commit);
  std::ranges::sort(all);
  return all;
}

Commits go(const std::vector<Stored>& there, std::uint64_t written, std::size_t keep,
           const Commits& damaged = {}) {
  return sorted(outdated(there, sample(written), keep, [&](const Stored& one) {
    return std::ranges::find(damaged, one.commit) == damaged.end();
  }));
}

}  // namespace

TEST_CASE("those beyond the newest ones go") {
  const std::vector<Stored> there{stored(5), stored(4), stored(3), stored(2)};
  CHECK(go(there, 5, 1) == Commits{2, 3, 4});
  CHECK(go(there, 5, 2) == Commits{2, 3});
  CHECK(go(there, 5, 4).empty());
  CHECK(go(there, 5, 9).empty());
}

TEST_CASE("damaged ones are not counted, and go when there are enough whole ones") {
  const std::vector<Stored> there{stored(5), stored(4), stored(3), stored(2), stored(1)};
  CHECK(go(there, 5, 2, {4}) == Commits{1, 2, 4});
  CHECK(go(there, 5, 2, {4, 3}) == Commits{1, 3, 4});
  CHECK(go(there, 5, 2, {1, 2, 3, 4}).empty());
}

TEST_CASE("what was just written stays, whether it can be read or not") {
  CHECK(go({stored(5), stored(4), stored(3)}, 5, 2, {5}) == Commits{3});
  CHECK(go({stored(4), stored(3)}, 5, 2) == Commits{3});
}

TEST_CASE("newer ones of this pipeline stay, other pipelines go first") {
  CHECK(go({stored(9), stored(5), stored(4)}, 5, 1) == Commits{4});
  const std::vector<Stored> there{stored(90, "x"), stored(80, "x"), stored(5), stored(4)};
  CHECK(go(there, 5, 2) == Commits{80, 90});
  CHECK(go(there, 5, 3) == Commits{80});
  CHECK(go(there, 4, 4).empty());
}

TEST_CASE("a history that was given up is that of the same pipeline, ahead of the first write") {
  Stored damaged = stored(8);
  damaged.trouble = "the checkpoint is damaged";
  const std::vector<Stored> there{stored(9), damaged, stored(7, "x"), stored(5), stored(4)};
  CHECK(sorted(given_up(there, sample(5))) == Commits{9});
  CHECK(given_up({}, sample(5)).empty());
}
