#include <headrace/checkpoint/shelf.hpp>

#include "catch.hpp"
#include "checkpoint/support.hpp"
#include "checkpoint/topic_support.hpp"

using namespace headrace;
using namespace headrace::checkpoint;
using namespace headrace::test;

namespace {

Shelf open(const Topic& topic) {
  return Shelf(TopicLog::open(topic.cluster.client(), "checkpoints").value_or_throw());
}

std::vector<std::uint64_t> commits(const std::vector<Shelf::Entry>& entries) {
  std::vector<std::uint64_t> found;
  for (const Shelf::Entry& entry : entries) found.push_back(entry.manifest.commit);
  return found;
}

}  // namespace

TEST_CASE("a shelf knows what it was given, and another one after it has looked") {
  const Topic topic;
  Shelf shelf = open(topic);
  const Shelf::Entry entry = shelf.put("-", sample(3)).value_or_throw();
  CHECK(entry.manifest.whole);
  CHECK(entry.manifest.chunks == 1);
  CHECK(entry.manifest.bytes == encode(sample(3)).size());
  CHECK(shelf.get(entry.manifest, Depth::kAll).value_or_throw() == sample(3));
  REQUIRE(shelf.put("other", sample(4)));
  CHECK(commits(shelf.entries("-")) == std::vector<std::uint64_t>{3});
  CHECK(shelf.scopes() == std::set<std::string>{"-", "other"});

  Shelf later = open(topic);
  CHECK(later.entries("-").empty());
  REQUIRE(later.refresh());
  CHECK(commits(later.whole_ones("-", "stocks-0")) == std::vector<std::uint64_t>{3});
  CHECK(later.whole_ones("-", "stocks-1").empty());
  CHECK(later.entries("-")[0].manifest == entry.manifest);
}

TEST_CASE("the last writing of a commit counts, and what was removed is forgotten") {
  const Topic topic;
  Shelf shelf = open(topic);
  const Shelf::Entry first = shelf.put("-", sample(3)).value_or_throw();
  const Shelf::Entry second = shelf.put("-", sample(3)).value_or_throw();
  CHECK(shelf.entries("-").size() == 2);
  const auto kept = shelf.whole_ones("-", "stocks-0");
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].manifest == second.manifest);
  REQUIRE(shelf.remove(second.manifest));
  REQUIRE(shelf.flush());
  CHECK(shelf.whole_ones("-", "stocks-0")[0].manifest == first.manifest);
  Shelf later = open(topic);
  REQUIRE(later.refresh());
  CHECK(later.entries("-").size() == 1);
}

TEST_CASE("seals are known by name until they are broken") {
  const Topic topic;
  Shelf shelf = open(topic);
  REQUIRE(shelf.seal("before", "before~1"));
  Shelf later = open(topic);
  REQUIRE(later.refresh());
  CHECK(later.seals() == std::map<std::string, std::string>{{"before", "before~1"}});
  REQUIRE(shelf.unseal("before"));
  REQUIRE(later.refresh());
  CHECK(later.seals().empty());
}

TEST_CASE("a header that is too large for one record is refused before anything is written") {
  const Topic topic;
  Shelf shelf = open(topic);
  Checkpoint made = sample(3);
  made.facts["long"] = std::string(500'000, 'x');
  CHECK(shelf.put("-", made).error().code == base::ErrorCode::kCheckpoint);
  CHECK(topic.remaining().empty());
}
