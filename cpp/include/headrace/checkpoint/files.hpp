// Files that survive a power cut, or were never there.
//
// Interrupted calls are repeated and short writes gone on with; any other failure is an error that
// names the file. After a failed sync the file is given up, never synced again: the kernel may have
// dropped the pages that it could not write, and a second sync would report success.
//
// Thread contract: free functions, any thread; a FileReader belongs to one.
// Cost: the system calls; nothing is copied.
//
//   base::Status s = write_new_file("state.tmp", parts);
//   if (s) s = rename_file("state.tmp", "state");
//   if (s) s = sync_directory(".");
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include <headrace/base/error.hpp>

namespace headrace::checkpoint {

[[nodiscard]] base::Error io_error(const char* what, const std::filesystem::path& path, int number);

// Bytes borrowed for the length of a call.
using Parts = std::vector<std::span<const std::byte>>;

// The file must not exist. Synced and closed on return; after an error there may be a part of it.
[[nodiscard]] base::Status write_new_file(const std::filesystem::path& path, const Parts& parts);
// Over what has the new name. Survives a power cut once the directory is synced.
[[nodiscard]] base::Status rename_file(const std::filesystem::path& from,
                                       const std::filesystem::path& to);
[[nodiscard]] base::Status sync_directory(const std::filesystem::path& path);
// With all above it, each synced where it is new.
[[nodiscard]] base::Status make_directory(const std::filesystem::path& path);
[[nodiscard]] bool directory_exists(const std::filesystem::path& path) noexcept;
// Whether it was there does not matter, nor whether it can be removed.
void remove_file(const std::filesystem::path& path) noexcept;

class FileReader {
 public:
  [[nodiscard]] static base::Result<FileReader> open(const std::filesystem::path& path);
  ~FileReader();
  FileReader(FileReader&& other) noexcept;
  FileReader& operator=(FileReader&&) = delete;

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  // The next bytes, all of them, or an error.
  [[nodiscard]] base::Status read(std::span<std::byte> bytes);

 private:
  FileReader(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::uint64_t size_ = 0;
  std::filesystem::path path_;
};

}  // namespace headrace::checkpoint
