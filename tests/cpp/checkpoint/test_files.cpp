#include <headrace/checkpoint/files.hpp>

#include <array>
#include <cerrno>

#include "catch.hpp"
#include "checkpoint/support.hpp"

using namespace headrace;
using namespace headrace::checkpoint;
using namespace headrace::test;

TEST_CASE("a file is written from its parts and read back in others") {
  const Folder folder;
  const fs::path path = folder.path / "file";
  const std::vector<std::byte> bytes = random_bytes(1000, 1);
  const std::span<const std::byte> all(bytes);
  REQUIRE(write_new_file(path, {all.first(1), {}, all.subspan(1)}));
  FileReader reader = FileReader::open(path).value_or_throw();
  CHECK(reader.size() == 1000);
  std::vector<std::byte> back(1000);
  REQUIRE(reader.read(std::span(back).first(700)));
  REQUIRE(reader.read(std::span(back).subspan(700)));
  CHECK(back == bytes);
  std::array<std::byte, 1> more{};
  CHECK(reader.read(more).error().code == base::ErrorCode::kCheckpoint);
}

TEST_CASE("a file that is there is not written over, but a rename goes over it") {
  const Folder folder;
  const std::vector<std::byte> one(1);
  REQUIRE(write_new_file(folder.path / "a", {one}));
  const base::Status again = write_new_file(folder.path / "a", {one});
  REQUIRE_FALSE(again);
  CHECK(again.error().native_code == EEXIST);
  CHECK(again.error().message == "cannot create " + (folder.path / "a").string() + ": File exists");
  REQUIRE(write_new_file(folder.path / "b", {one, one}));
  REQUIRE(rename_file(folder.path / "b", folder.path / "a"));
  CHECK(read_file(folder.path / "a").size() == 2);
  CHECK_FALSE(rename_file(folder.path / "b", folder.path / "a"));
  remove_file(folder.path / "a");
  remove_file(folder.path / "a");
  CHECK_FALSE(FileReader::open(folder.path / "a"));
}

TEST_CASE("directories are made with all above them, and may be there") {
  const Folder folder;
  CHECK_FALSE(directory_exists(folder.path / "a"));
  REQUIRE(make_directory(folder.path / "a/b/c/"));
  CHECK(directory_exists(folder.path / "a/b/c"));
  REQUIRE(make_directory(folder.path / "a/b"));
  REQUIRE(sync_directory(folder.path / "a/b"));
  const std::vector<std::byte> one(1);
  REQUIRE(write_new_file(folder.path / "file", {one}));
  CHECK_FALSE(make_directory(folder.path / "file"));
  CHECK_FALSE(make_directory(folder.path / "file/below"));
  CHECK_FALSE(sync_directory(folder.path / "file"));
  CHECK_FALSE(sync_directory(folder.path / "nowhere"));
}

TEST_CASE("a directory is not read as a file") {
  const Folder folder;
  CHECK(FileReader::open(folder.path).error().code == base::ErrorCode::kIo);
}
