#include <headrace/checkpoint/files.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <headrace/base/failpoint.hpp>

namespace headrace::checkpoint {
namespace {

namespace fs = std::filesystem;

// What `call` gives once it was not interrupted by a signal.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

int open_file(const fs::path& path, int flags) {
  constexpr mode_t kMode = 0644;  // less what the process masks
  return uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kMode); });
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = uninterrupted([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (n == 0) errno = EIO;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool sync(int fd) {
  return uninterrupted([&] { return ::fsync(fd); }) == 0;
}

// Closed whatever it says; synced before, so an interruption took nothing away.
bool close_file(int fd) { return ::close(fd) == 0 || errno == EINTR; }

base::Status fill_file(int fd, const fs::path& path, const Parts& parts) {
  for (const std::span<const std::byte> part : parts) {
    if (!write_all(fd, part)) return io_error("write", path, errno);
    HEADRACE_FAILPOINT("checkpoint.in_write");
  }
  if (HEADRACE_FAILS("checkpoint.before_fsync")) return io_error("sync", path, EIO);
  if (!sync(fd)) return io_error("sync", path, errno);
  HEADRACE_FAILPOINT("checkpoint.after_fsync");
  return {};
}

}  // namespace

base::Error io_error(const char* what, const fs::path& path, int number) {
  return {.code = base::ErrorCode::kIo,
          .message = std::string("cannot ") + what + ' ' + path.string() + ": " +
                     std::generic_category().message(number),
          .native_code = number};
}

base::Status write_new_file(const fs::path& path, const Parts& parts) {
  HEADRACE_FAILPOINT("checkpoint.before_write");
  const int fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (fd < 0) return io_error("create", path, errno);
  base::Status status = fill_file(fd, path, parts);
  if (!close_file(fd) && status) status = io_error("close", path, errno);
  return status;
}

base::Status rename_file(const fs::path& from, const fs::path& to) {
  if (uninterrupted([&] { return ::rename(from.c_str(), to.c_str()); }) != 0) {
    return io_error("rename", from, errno);
  }
  return {};
}

base::Status sync_directory(const fs::path& path) {
  const int fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return io_error("open", path, errno);
  base::Status status;
  if (!sync(fd)) status = io_error("sync", path, errno);
  if (!close_file(fd) && status) status = io_error("close", path, errno);
  return status;
}

bool directory_exists(const fs::path& path) noexcept {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

base::Status make_directory(const fs::path& path) {
  if (directory_exists(path)) return {};
  const fs::path above = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (above != path) {
    if (base::Status status = make_directory(above); !status) return status;
  }
  constexpr mode_t kMode = 0755;  // less what the process masks
  if (uninterrupted([&] { return ::mkdir(path.c_str(), kMode); }) != 0) {
    const int number = errno;
    if (number != EEXIST || !directory_exists(path)) return io_error("create", path, number);
  }
  return sync_directory(above);
}

void remove_file(const fs::path& path) noexcept { ::unlink(path.c_str()); }

base::Result<FileReader> FileReader::open(const fs::path& path) {
  const int fd = open_file(path, O_RDONLY);
  if (fd < 0) return io_error("read", path, errno);
  FileReader reader(fd, path);
  struct stat info {};
  if (::fstat(fd, &info) != 0) return io_error("read", path, errno);
  if (!S_ISREG(info.st_mode)) return io_error("read", path, EISDIR);
  reader.size_ = static_cast<std::uint64_t>(info.st_size);
  return reader;
}

FileReader::FileReader(FileReader&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_), path_(std::move(other.path_)) {}

FileReader::~FileReader() {
  if (fd_ >= 0) ::close(fd_);
}

base::Status FileReader::read(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = uninterrupted([&] { return ::read(fd_, bytes.data(), bytes.size()); });
    if (n < 0) return io_error("read", path_, errno);
    if (n == 0) {
      return base::Error{.code = base::ErrorCode::kCheckpoint,
                         .message = "the checkpoint became shorter while it was read"};
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace headrace::checkpoint
