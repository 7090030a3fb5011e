#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <span>
#include <utility>

#include <headrace/base/failpoint.hpp>
#include <headrace/checkpoint/store.hpp>

namespace headrace::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".ckpt";
constexpr std::string_view kUnfinished = ".tmp";

base::Error io_error(const char* what, const fs::path& path, int number) {
  return {
      .code = base::ErrorCode::kIo,
      .message = std::string("cannot ") + what + ' ' + path.string() + ": " + std::strerror(number),
      .native_code = number};
}

class File {
 public:
  File(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  // Closed once: an error may be of a write that came too late.
  [[nodiscard]] bool close() noexcept { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) {
      errno = EIO;
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool sync(int fd) {
  int status = 0;
  do {
    status = ::fsync(fd);
  } while (status != 0 && errno == EINTR);
  return status == 0;
}

base::Status sync_directory(const fs::path& path) {
  const File directory(path, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open() || !sync(directory.fd())) return io_error("sync", path, errno);
  return {};
}

base::Result<std::vector<std::byte>> read_file(const fs::path& path) {
  const File file(path, O_RDONLY);
  struct stat info {};
  if (!file.is_open() || ::fstat(file.fd(), &info) != 0) return io_error("read", path, errno);
  std::vector<std::byte> bytes(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(file.fd(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("read", path, errno);
    if (n == 0) break;  // shorter than it was: decode will say so
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

// Zero-padded, so that names sort as numbers do.
std::string name_of(std::uint64_t commit) {
  const std::string digits = std::to_string(commit);
  return std::string(20 - digits.size(), '0') + digits + std::string(kSuffix);
}

bool parse_name(const std::string& name, std::uint64_t& commit) {
  if (!name.ends_with(kSuffix)) return false;
  const char* end = name.data() + name.size() - kSuffix.size();
  const auto [at, error] = std::from_chars(name.data(), end, commit);
  return error == std::errc{} && at == end;
}

class DirectoryStore final : public Store {
 public:
  DirectoryStore(fs::path path, std::size_t keep) : path_(std::move(path)), keep_(keep) {}

  base::Status write(const Checkpoint& checkpoint) override;
  base::Result<std::vector<Stored>> list(const std::string& unit) override;
  base::Result<Checkpoint> load(const Stored& stored) override;
  std::string describe() const override { return path_.string(); }

 private:
  static base::Status write_file(const fs::path& path, const Checkpoint& checkpoint);
  void tidy(const std::string& unit);

  fs::path path_;
  std::size_t keep_;
};

base::Status DirectoryStore::write_file(const fs::path& path, const Checkpoint& checkpoint) {
  HEADRACE_FAILPOINT("checkpoint.before_write");
  File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.is_open()) return io_error("create", path, errno);
  const std::vector<std::byte> head = encode_head(checkpoint);
  if (!write_all(file.fd(), head)) return io_error("write", path, errno);
  for (const Section& section : checkpoint.sections) {
    if (!write_all(file.fd(), section.bytes)) return io_error("write", path, errno);
  }
  if (!write_all(file.fd(), encode_tail(checkpoint, head.size()))) {
    return io_error("write", path, errno);
  }
  HEADRACE_FAILPOINT("checkpoint.before_fsync");
  if (!sync(file.fd())) return io_error("sync", path, errno);
  if (!file.close()) return io_error("close", path, errno);
  return {};
}

base::Status DirectoryStore::write(const Checkpoint& checkpoint) {
  const fs::path directory = path_ / checkpoint.unit;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return io_error("create", directory, error.value());
  const fs::path final_name = directory / name_of(checkpoint.commit);
  // Of this process alone: one that was killed leaves his behind, to be tidied up.
  const fs::path unfinished =
      final_name.string() + '.' + std::to_string(::getpid()) + std::string(kUnfinished);
  base::Status status = write_file(unfinished, checkpoint);
  HEADRACE_FAILPOINT("checkpoint.before_rename");
  if (status && ::rename(unfinished.c_str(), final_name.c_str()) != 0) {
    status = io_error("rename", unfinished, errno);
  }
  if (!status) {
    ::unlink(unfinished.c_str());
    return status;
  }
  HEADRACE_FAILPOINT("checkpoint.before_directory_sync");
  if (status = sync_directory(directory); !status) return status;
  HEADRACE_FAILPOINT("checkpoint.after_write");
  tidy(checkpoint.unit);
  return {};
}

base::Result<std::vector<Stored>> DirectoryStore::list(const std::string& unit) {
  std::vector<Stored> found;
  std::error_code error;
  for (fs::directory_iterator at(path_ / unit, error), end; !error && at != end;
       at.increment(error)) {
    std::uint64_t commit = 0;
    if (!parse_name(at->path().filename().string(), commit)) continue;
    found.push_back({.unit = unit, .commit = commit, .where = at->path().string()});
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return io_error("list", path_ / unit, error.value());
  }
  std::sort(found.begin(), found.end(),
            [](const Stored& a, const Stored& b) { return a.commit > b.commit; });
  return found;
}

base::Result<Checkpoint> DirectoryStore::load(const Stored& stored) {
  base::Result<std::vector<std::byte>> bytes = read_file(stored.where);
  if (!bytes) return bytes.error();
  base::Result<Checkpoint> made = decode(*bytes);
  if (!made) {
    base::Error error = made.error();
    error.message = stored.where + ": " + error.message;
    return error;
  }
  if (made->unit != stored.unit || made->commit != stored.commit) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = stored.where + ": the checkpoint is of " + made->unit +
                                  ", commit " + std::to_string(made->commit) +
                                  ": it has the name of another one"};
  }
  return made;
}

// What cannot be removed is tried again the next time. A unit has one writer at a time, so what is
// unfinished here was left by one who died.
void DirectoryStore::tidy(const std::string& unit) {
  const base::Result<std::vector<Stored>> kept = list(unit);
  if (!kept) return;
  for (std::size_t i = keep_; i < kept->size(); ++i) ::unlink((*kept)[i].where.c_str());
  std::error_code error;
  for (fs::directory_iterator at(path_ / unit, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() == kUnfinished) ::unlink(at->path().c_str());
  }
}

}  // namespace

base::Result<std::shared_ptr<Store>> open_directory_store(const std::string& path,
                                                          std::size_t keep) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return io_error("create", path, error.value());
  if (::access(path.c_str(), W_OK | X_OK) != 0) return io_error("write to", path, errno);
  return std::shared_ptr<Store>(std::make_shared<DirectoryStore>(path, keep));
}

}  // namespace headrace::checkpoint
