#include <headrace/checkpoint/store.hpp>

#include <random>

#include "catch.hpp"
#include "checkpoint/support.hpp"

#include <headrace/checkpoint/names.hpp>

using namespace headrace;
using namespace headrace::checkpoint;
using namespace headrace::test;
using Commits = std::vector<std::uint64_t>;

namespace {

std::shared_ptr<Store> open(const fs::path& path, std::size_t keep = 2) {
  return open_directory_store(path.string(), keep).value_or_throw();
}

void write(Store& store, const Checkpoint& checkpoint) { store.write(checkpoint).throw_if_error(); }

fs::path file_of(Store& store, std::uint64_t commit, const std::string& unit = "stocks-0") {
  for (const Stored& stored : store.list(unit).value_or_throw()) {
    if (stored.commit == commit) return stored.where;
  }
  FAIL("no checkpoint of commit " << commit);
  return {};
}

Checkpoint of_pipeline(const std::string& pipeline, std::uint64_t commit) {
  Checkpoint made = sample(commit);
  made.pipeline = pipeline;
  return made;
}

void damage(const fs::path& file) {
  std::vector<std::byte> bytes = read_file(file);
  bytes[bytes.size() - 30] ^= std::byte{1};
  write_file(file, bytes);
}

// What recovery falls back on when `bytes` are in place of the newer of two checkpoints.
struct Damaged {
  Damaged() : store(open(folder.path)) {
    write(*store, sample(1));
    write(*store, sample(2));
    newer = file_of(*store, 2);
  }
  bool falls_back(std::span<const std::byte> bytes) {
    write_file(newer, bytes);
    return newest(*store) == 1;
  }
  Folder folder;
  std::shared_ptr<Store> store;
  fs::path newer;
};

}  // namespace

TEST_CASE("what is written is listed without being loaded, and loaded as it was") {
  const Folder folder;
  const auto store = open(folder.path / "state");
  const Checkpoint made = sample(41, 10'000);
  write(*store, made);
  write(*store, sample(40, 300, "stocks-1"));
  const std::vector<Stored> kept = store->list("stocks-0").value_or_throw();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].unit == "stocks-0");
  CHECK(kept[0].commit == 41);
  CHECK(kept[0].bytes == encode(made).size());
  CHECK(kept[0].trouble.empty());
  CHECK(kept[0].pipeline == made.pipeline);
  CHECK(kept[0].read_to == made.read_to);
  CHECK(kept[0].facts == made.facts);
  CHECK(store->load(kept[0]).value_or_throw() == made);
  CHECK(store->verify(kept[0]));
  CHECK(store->units().value_or_throw() == std::vector<std::string>{"stocks-0", "stocks-1"});
  CHECK(store->list("stocks-2").value_or_throw().empty());
  CHECK(store->describe() == (folder.path / "state").string());
}

TEST_CASE("another process finds them") {
  const Folder folder;
  write(*open(folder.path), sample(3));
  CHECK(newest(*open(folder.path)) == 3);
}

TEST_CASE("the newest ones are kept") {
  const Folder folder;
  const auto store = open(folder.path, 3);
  for (std::uint64_t commit = 1; commit <= 12; ++commit) write(*store, sample(commit));
  CHECK(commits(*store) == Commits{12, 11, 10});
  write(*open(folder.path, 1), sample(13));
  CHECK(commits(*store) == Commits{13});
}

TEST_CASE("the same commit can be written again") {
  const Folder folder;
  const auto store = open(folder.path);
  write(*store, sample(3));
  Checkpoint again = sample(3);
  again.facts["taken"] = "later";
  write(*store, again);
  CHECK(commits(*store) == Commits{3});
  CHECK(store->load(store->list("stocks-0").value_or_throw()[0]).value_or_throw() == again);
}

TEST_CASE("a damaged one counts for nothing: the last good one stays") {
  const Folder folder;
  {
    const auto store = open(folder.path);
    write(*store, sample(1));
    write(*store, sample(2));
    write(*store, sample(3));
    damage(file_of(*store, 3));
  }
  const auto store = open(folder.path);  // of another process, which wrote none of these
  write(*store, sample(4));
  REQUIRE(commits(*store) == Commits{4, 2});
  CHECK(store->verify(store->list("stocks-0").value_or_throw()[1]));
  write(*store, sample(5));
  CHECK(commits(*store) == Commits{5, 4});
}

TEST_CASE("one whose header is damaged is listed with its reason") {
  const Folder folder;
  const auto store = open(folder.path);
  write(*store, sample(1));
  write(*store, sample(2));
  std::vector<std::byte> bytes = read_file(file_of(*store, 2));
  bytes[30] ^= std::byte{4};
  write_file(file_of(*store, 2), bytes);
  const std::vector<Stored> kept = store->list("stocks-0").value_or_throw();
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].trouble == kept[0].where + ": the checkpoint is damaged: its header");
  const base::Result<Checkpoint> loaded = store->load(kept[0]);
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == base::ErrorCode::kCheckpoint);
  CHECK(loaded.error().message == kept[0].trouble);
  CHECK(newest(*store) == 1);
}

TEST_CASE("a history that was given up does not look newer than the one that goes on") {
  const Folder folder;
  {
    const auto store = open(folder.path);
    write(*store, sample(100));
    write(*store, sample(110));
  }
  // Begins anew, or from an earlier commit.
  const auto store = open(folder.path);
  write(*store, sample(7));
  CHECK(commits(*store) == Commits{7});
}

TEST_CASE("one who woke up late removes nothing of who took over") {
  const Folder folder;
  const auto late = open(folder.path);
  write(*late, sample(1));
  write(*late, sample(2));
  const auto owner = open(folder.path);
  write(*owner, sample(5));
  write(*owner, sample(6));
  write(*late, sample(3));
  CHECK(newest(*late) == 6);
  CHECK(commits(*late) == Commits{6, 5, 3});
}

TEST_CASE("checkpoints of another pipeline go when there are enough of this one") {
  const Folder folder;
  {
    const auto store = open(folder.path);
    write(*store, of_pipeline("old", 50));
    write(*store, of_pipeline("old", 60));
  }
  const auto store = open(folder.path);
  write(*store, of_pipeline("new", 1));
  CHECK(commits(*store) == Commits{60, 1});
  write(*store, of_pipeline("new", 2));
  CHECK(commits(*store) == Commits{2, 1});
}

TEST_CASE("what died while it was written is tidied up") {
  const Folder folder;
  const auto store = open(folder.path);
  write(*store, sample(1));
  const fs::path left = folder.path / "stocks-0" / "00000000000000000009.ckpt.77.0.tmp";
  write_file(left, random_bytes(10, 1));
  const fs::path foreign = folder.path / "stocks-0" / "README";
  write_file(foreign, random_bytes(10, 1));
  CHECK(commits(*store) == Commits{1});
  write(*store, sample(2));
  CHECK_FALSE(fs::exists(left));
  CHECK(fs::exists(foreign));
}

TEST_CASE("any name of a unit is kept apart from all others") {
  const Folder folder;
  const auto store = open(folder.path / "below" / "state");
  std::vector<std::string> units{"savepoints", "..", "a/b-0", std::string(249, 'x') + "-0",
                                 std::string(249, 'x') + "-1"};
  for (std::size_t i = 0; i < units.size(); ++i) write(*store, sample(i + 1, 300, units[i]));
  for (std::size_t i = 0; i < units.size(); ++i) CHECK(newest(*store, units[i]) == i + 1);
  std::ranges::sort(units);
  CHECK(store->units().value_or_throw() == units);
  CHECK(store->savepoints().value_or_throw().empty());
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

// E11.
TEST_CASE("each byte of a checkpoint that changes makes recovery take the one before") {
  Damaged damaged;
  std::vector<std::byte> bytes = read_file(damaged.newer);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] ^= std::byte{0x10};
    if (!damaged.falls_back(bytes)) FAIL("byte " << at);
    bytes[at] ^= std::byte{0x10};
  }
  write_file(damaged.newer, bytes);
  CHECK(newest(*damaged.store) == 2);
}

TEST_CASE("random flips of a large checkpoint are all found") {
  Damaged damaged;
  write(*damaged.store, sample(2, 1'000'000));
  std::vector<std::byte> bytes = read_file(damaged.newer);
  std::mt19937_64 random(11);
  const int rounds = proving() ? 10'000 : 300;
  for (int round = 0; round < rounds; ++round) {
    // One bit, or a few anywhere.
    std::vector<std::pair<std::size_t, std::byte>> flips;
    const std::uint64_t count = round % 2 == 0 ? 1 : 1 + random() % 8;
    for (std::uint64_t i = 0; i < count; ++i) {
      flips.emplace_back(random() % bytes.size(), static_cast<std::byte>(1U << (random() % 8)));
    }
    const std::vector<std::byte> whole = bytes;
    for (const auto& [at, mask] : flips) bytes[at] ^= mask;
    if (bytes == whole) continue;  // flipped there and back
    if (!damaged.falls_back(bytes)) FAIL("round " << round);
    bytes = whole;
  }
}

TEST_CASE("a checkpoint that ends anywhere, or is full of zeros, is found") {
  Damaged damaged;
  write(*damaged.store, sample(2, 200'000));
  const std::vector<std::byte> bytes = read_file(damaged.newer);
  for (std::size_t size = 0; size < bytes.size(); size += 512) {
    if (!damaged.falls_back(std::span(bytes).first(size))) FAIL("cut to " << size);
    std::vector<std::byte> zeros = bytes;  // as after a crash: the length is right
    std::fill(zeros.begin() + static_cast<std::ptrdiff_t>(size), zeros.end(), std::byte{0});
    if (!damaged.falls_back(zeros)) FAIL("zeros from " << size);
    std::vector<std::byte> hole = bytes;
    const std::size_t end = std::min(size + 512, hole.size());
    std::fill(hole.begin() + static_cast<std::ptrdiff_t>(size),
              hole.begin() + static_cast<std::ptrdiff_t>(end), std::byte{0});
    if (!damaged.falls_back(hole)) FAIL("zeros in " << size);
  }
}

TEST_CASE("checkpoints that changed places are found") {
  const Folder folder;
  const auto store = open(folder.path);
  for (const char* unit : {"a-0", "b-0"}) {
    write(*store, sample(1, 300, unit));
    write(*store, sample(2, 300, unit));
  }
  const fs::path mine = file_of(*store, 2, "a-0");
  const fs::path other = file_of(*store, 2, "b-0");
  fs::rename(mine, folder.path / "aside");
  fs::rename(other, mine);
  fs::rename(folder.path / "aside", other);
  CHECK(newest(*store, "a-0") == 1);
  CHECK(newest(*store, "b-0") == 1);
  const std::vector<Stored> kept = store->list("a-0").value_or_throw();
  CHECK(store->load(kept[0]).error().message ==
        mine.string() + ": the checkpoint is of b-0, commit 2: it has the name of another one");
  // And two of one unit.
  fs::rename(file_of(*store, 1, "a-0"), mine);
  CHECK(newest(*store, "a-0") == 0);
}

TEST_CASE("a savepoint is there once it is sealed, and until it is removed") {
  const Folder folder;
  const auto store = open(folder.path);
  const auto saved = store->begin_savepoint("before-upgrade").value_or_throw();
  write(*saved, sample(5));
  write(*saved, sample(5, 300, "stocks-1"));
  CHECK(store->savepoints().value_or_throw().empty());
  CHECK_FALSE(store->savepoint("before-upgrade"));
  REQUIRE(store->seal_savepoint("before-upgrade"));
  for (std::uint64_t commit = 6; commit < 12; ++commit) write(*store, sample(commit));

  const auto later = open(folder.path);
  CHECK(later->savepoints().value_or_throw() == std::vector<std::string>{"before-upgrade"});
  CHECK(later->units().value_or_throw() == std::vector<std::string>{"stocks-0"});
  const auto found = later->savepoint("before-upgrade").value_or_throw();
  CHECK(found->units().value_or_throw() == std::vector<std::string>{"stocks-0", "stocks-1"});
  CHECK(newest(*found) == 5);
  CHECK_FALSE(later->begin_savepoint("before-upgrade"));
  REQUIRE(later->remove_savepoint("before-upgrade"));
  CHECK(later->savepoints().value_or_throw().empty());
  CHECK(fs::is_empty(folder.path / "savepoints"));
  CHECK_FALSE(later->remove_savepoint("before-upgrade"));
  REQUIRE(later->begin_savepoint("before-upgrade"));
}

TEST_CASE("a savepoint that was not finished can be begun again, and holds nothing old") {
  const Folder folder;
  const auto store = open(folder.path);
  write(*store->begin_savepoint("a").value_or_throw(), sample(1));
  write(*store->begin_savepoint("a").value_or_throw(), sample(2, 300, "stocks-1"));
  REQUIRE(store->seal_savepoint("a"));
  CHECK(store->savepoint("a").value_or_throw()->units().value_or_throw() ==
        std::vector<std::string>{"stocks-1"});
  CHECK_FALSE(store->seal_savepoint("a"));
}

TEST_CASE("no name of a savepoint leads out of the directory") {
  const Folder folder;
  const auto store = open(folder.path / "state");
  fs::create_directory(folder.path / "state" / "outside");
  for (const char* name : {"../outside", "..", ".", "", "/tmp", "a/../../outside", "A"}) {
    INFO(name);
    CHECK_FALSE(store->begin_savepoint(name));
    CHECK_FALSE(store->seal_savepoint(name));
    CHECK_FALSE(store->savepoint(name));
    CHECK_FALSE(store->remove_savepoint(name));
  }
  CHECK(fs::exists(folder.path / "state" / "outside"));
}

TEST_CASE("a directory that cannot be written to says so when it is opened") {
  const Folder folder;
  write_file(folder.path / "file", random_bytes(3, 1));
  const auto store = open_directory_store((folder.path / "file").string(), 2);
  REQUIRE_FALSE(store);
  CHECK(store.error().code == base::ErrorCode::kIo);
  CHECK_FALSE(open_directory_store((folder.path / "file" / "below").string(), 2));
  CHECK(open_directory_store(folder.path.string(), 0).error().code ==
        base::ErrorCode::kInvalidArgument);
}

TEST_CASE("a directory that is looked at is not made") {
  const Folder folder;
  CHECK(find_directory_store((folder.path / "state").string()).error().message ==
        "cannot read " + (folder.path / "state").string() + ": No such file or directory");
  CHECK_FALSE(fs::exists(folder.path / "state"));
  write(*open(folder.path / "state"), sample(3));
  CHECK(newest(*find_directory_store((folder.path / "state").string()).value_or_throw()) == 3);
}

// E15: what a released version wrote is read by all that come. The files were written by the hidden
// case below; those of a format that was released are never written again.
TEST_CASE("golden checkpoints are read, newer ones refused by name") {
  const auto store = find_directory_store(HEADRACE_FIXTURES "/checkpoints/v1").value_or_throw();
  REQUIRE(store->units().value_or_throw() == std::vector<std::string>{"stocks-0"});
  const std::vector<Stored> kept = store->list("stocks-0").value_or_throw();
  REQUIRE(kept.size() == 3);
  const Checkpoint loaded = store->load(kept[2]).value_or_throw();
  Checkpoint golden = sample(42);
  golden.written_by = "0.1";
  CHECK(loaded == golden);
  CHECK(encode(golden) == read_file(kept[2].where));
  CHECK(kept[1].trouble.find("has fields in its header") != std::string::npos);
  CHECK(kept[0].trouble.find("has format 2,") != std::string::npos);
  for (const Stored& newer : {kept[0], kept[1]}) {
    CHECK(newer.trouble.find("written by headrace 99.0") != std::string::npos);
    CHECK(store->load(newer).error().message == newer.trouble);
  }
}

TEST_CASE("golden checkpoints are written", "[.golden]") {
  const fs::path unit = fs::path(HEADRACE_FIXTURES) / "checkpoints/v1/stocks-0";
  fs::create_directories(unit);
  Checkpoint made = sample(42);
  made.written_by = "0.1";
  write_file(unit / "00000000000000000042.ckpt", encode(made));
  made.written_by = "99.0";
  made.commit = 43;
  write_file(unit / "00000000000000000043.ckpt", with_unknown_field(encode(made)));
  made.commit = 44;
  write_file(unit / "00000000000000000044.ckpt", with_format(encode(made), 2));
}
