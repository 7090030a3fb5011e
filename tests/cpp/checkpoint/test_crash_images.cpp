// E13: the power goes at any call, and what is found afterwards is the old state or the new one.
#include <algorithm>
#include <set>

#include "catch.hpp"
#include "checkpoint/crash_images.hpp"
#include "checkpoint/syscalls/run_writer.hpp"

using namespace headrace;
using namespace headrace::test;

namespace {

constexpr std::uint64_t kCommits = 5;

// Puts the image where `root` was into `folder`, and looks as recovery does.
std::uint64_t newest_in(const Image& image, const fs::path& root, const fs::path& folder) {
  for (const std::string& directory : image.directories) {
    fs::create_directories(folder / fs::relative(directory, root));
  }
  for (const auto& [path, bytes] : image.files) {
    write_file(folder / fs::relative(path, root), std::as_bytes(std::span(bytes)));
  }
  const auto store =
      checkpoint::open_directory_store((folder / "state").string(), 2).value_or_throw();
  for (const checkpoint::Stored& stored : store->list("stocks-0").value_or_throw()) {
    const auto loaded = store->load(stored);
    if (!loaded) continue;
    REQUIRE(*loaded == sample(stored.commit));  // whole, or not at all
    return stored.commit;
  }
  return 0;
}

struct Seen {
  std::size_t images = 0;
  std::size_t violations = 0;  // the look ends with the first
  std::string what;
};

Seen look_at_all(const std::vector<std::string>& lines, const fs::path& root) {
  Seen seen;
  Disk disk(root.string());
  std::set<Image> known;
  std::uint64_t acknowledged = 0;
  for (const std::string& line : lines) {
    disk.apply(line);
    if (line.starts_with("done ")) {
      acknowledged = std::stoull(line.substr(5));
      known.clear();  // the same images are to hold more now
    }
    disk.for_each_image([&](const Image& image) {
      if (seen.violations > 0 || !known.insert(image).second) return;
      ++seen.images;
      const Folder folder;
      const std::uint64_t found = newest_in(image, root, folder.path);
      if (found == acknowledged || found == acknowledged + 1) return;
      ++seen.violations;
      seen.what = "commit " + std::to_string(found) + " after " + std::to_string(acknowledged) +
                  " was acknowledged, at: " + line.substr(0, 100);
    });
  }
  return seen;
}

std::vector<std::string> record(const Folder& folder) {
  const Folder aside;
  return run_writer(folder.path / "state", 1, kCommits, {.at = 0}, aside.path / "log");
}

// The same calls, but for syncs of files or of directories.
std::vector<std::string> without_syncs(std::vector<std::string> lines, bool of_files) {
  std::set<std::string> files;
  std::erase_if(lines, [&](const std::string& line) {
    if (line.starts_with("create ")) files.insert(line.substr(7, line.find(' ', 7) - 7));
    if (line.starts_with("close ")) files.erase(line.substr(6));
    return line.starts_with("fsync ") && files.contains(line.substr(6)) == of_files;
  });
  return lines;
}

}  // namespace

TEST_CASE("whatever a power cut leaves of the calls opens as the old state or the new one") {
  const Folder folder;
  const std::vector<std::string> lines = record(folder);
  REQUIRE(std::ranges::count(lines, "done " + std::to_string(kCommits)) == 1);
  const Seen seen = look_at_all(lines, folder.path);
  INFO(seen.what);
  CHECK(seen.violations == 0);
  CHECK(seen.images > 300);
}

TEST_CASE("the look at crash images finds a sync that is missing") {
  const Folder folder;
  const std::vector<std::string> lines = record(folder);
  CHECK(look_at_all(without_syncs(lines, true), folder.path).violations > 0);
  CHECK(look_at_all(without_syncs(lines, false), folder.path).violations > 0);
}
