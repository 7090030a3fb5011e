// A directory for one test, checkpoints that differ by their commit, and files as bytes.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <headrace/base/crc32c.hpp>
#include <headrace/checkpoint/checkpoint.hpp>
#include <headrace/checkpoint/store.hpp>

namespace headrace::test {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "headrace.XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code error;
    fs::remove_all(path, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path path;
};

inline std::vector<std::byte> random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

// The same for the same arguments, everything in it used.
inline checkpoint::Checkpoint sample(std::uint64_t commit, std::size_t bytes = 300,
                                     const std::string& unit = "stocks-0") {
  checkpoint::Checkpoint made;
  made.unit = unit;
  made.pipeline = "9f2c";
  made.commit = commit;
  made.read_to = {{.topic = "stocks", .partition = 0, .offset = static_cast<std::int64_t>(commit)},
                  {.topic = "stocks", .partition = 1, .offset = -1}};
  made.facts = {{"digest", std::to_string(commit * 7)}, {"from", "0"}};
  made.sections = {{.name = "keys", .bytes = random_bytes(bytes / 3, commit)},
                   {.name = "none", .bytes = {}},
                   {.name = "0 sma", .bytes = random_bytes(bytes - bytes / 3, commit + 1)}};
  return made;
}

inline void put_at(std::vector<std::byte>& bytes, std::size_t at, auto value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// The frame of an encoded checkpoint: where its format, its header's length and its header are.
constexpr std::size_t kFormatAt = 8;
constexpr std::size_t kLengthAt = 12;
constexpr std::size_t kHeaderAt = 20;

inline std::uint64_t header_length(const std::vector<std::byte>& bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data() + kLengthAt, sizeof length);
  return length;
}

// Makes the header's CRC right again, behind a header of `length` bytes.
inline void seal_header(std::vector<std::byte>& bytes, std::uint64_t length) {
  put_at(bytes, kLengthAt, length);
  const std::size_t end = kHeaderAt + static_cast<std::size_t>(length);
  put_at(bytes, end, base::crc32c(std::span(bytes).first(end)));
}

inline std::vector<std::byte> with_format(std::vector<std::byte> bytes, std::uint32_t format) {
  put_at(bytes, kFormatAt, format);
  seal_header(bytes, header_length(bytes));
  return bytes;
}

inline std::vector<std::byte> with_unknown_field(std::vector<std::byte> bytes) {
  const std::uint64_t length = header_length(bytes);
  const std::vector<std::byte> field(9);
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(kHeaderAt + length), field.begin(),
               field.end());
  seal_header(bytes, length + field.size());
  return bytes;
}

inline std::vector<std::byte> read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// As recovery does it: the newest that can be loaded. Nothing: no commit.
inline std::uint64_t newest(checkpoint::Store& store, const std::string& unit = "stocks-0") {
  for (const checkpoint::Stored& stored : store.list(unit).value_or_throw()) {
    if (const auto loaded = store.load(stored)) return loaded->commit;
  }
  return 0;
}

inline std::vector<std::uint64_t> commits(checkpoint::Store& store,
                                          const std::string& unit = "stocks-0") {
  std::vector<std::uint64_t> found;
  for (const checkpoint::Stored& stored : store.list(unit).value_or_throw()) {
    found.push_back(stored.commit);
  }
  return found;
}

// The experiments at full size, where somebody asks for them.
inline bool proving() {
  const char* set = std::getenv("HEADRACE_PROVE");
  return set != nullptr && std::string(set) == "1";
}

}  // namespace headrace::test
