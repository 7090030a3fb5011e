// Loaded before the C library (LD_PRELOAD): lets the n-th system call on files of one directory
// fail, and writes down what each did, for tests that play a disk that is full, broken or cut off.
//
//   HEADRACE_CALLS_IN     the directory; calls elsewhere pass uncounted
//   HEADRACE_CALLS_AT     which call fails, from 1; 0: none
//   HEADRACE_CALLS_ERROR  EIO, ENOSPC, EINTR, EROFS, or SHORT: half of a write
//   HEADRACE_CALLS_EVER   "1": every call from that one on
//   HEADRACE_CALLS_LOG    a file outside: a line a call, "hit CALL" before one that failed, "again"
//                         where a file is synced after that had failed
//
// Single-threaded programs only.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

std::string setting(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? text : "";
}

int number_of(const std::string& error) {
  if (error == "ENOSPC") return ENOSPC;
  if (error == "EINTR") return EINTR;
  if (error == "EROFS") return EROFS;
  return EIO;
}

struct OpenFile {
  bool ours = false;
  bool sync_failed = false;
  long offset = 0;
};

struct Shim {
  std::string in = setting("HEADRACE_CALLS_IN");
  long at = std::atol(setting("HEADRACE_CALLS_AT").c_str());
  std::string error = setting("HEADRACE_CALLS_ERROR");
  bool ever = setting("HEADRACE_CALLS_EVER") == "1";
  int log = -1;
  long count = 0;
  std::array<OpenFile, 1024> files{};
};

Shim& shim() {
  static Shim& made = *[] {
    auto* one = new Shim;
    const std::string log = setting("HEADRACE_CALLS_LOG");
    if (!log.empty()) {
      using Open = int (*)(const char*, int, ...);
      one->log = real<Open>("open")(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    }
    return one;
  }();
  return made;
}

void say(std::string line) {
  if (shim().log < 0) return;
  line += '\n';
  using Write = ssize_t (*)(int, const void*, std::size_t);
  if (real<Write>("write")(shim().log, line.data(), line.size()) < 0) std::abort();
}

bool ours(const char* path) {
  const std::string& in = shim().in;
  return !in.empty() && std::string_view(path).starts_with(in);
}

OpenFile* file_of(int fd) {
  if (fd < 0 || static_cast<std::size_t>(fd) >= shim().files.size()) return nullptr;
  OpenFile& file = shim().files[static_cast<std::size_t>(fd)];
  return file.ours ? &file : nullptr;
}

// Counts a call; true where it is to fail, with errno set.
bool fails(const char* call, bool can_be_short = false) {
  Shim& s = shim();
  ++s.count;
  if (s.at == 0 || (s.ever ? s.count < s.at : s.count != s.at)) return false;
  if (s.error == "SHORT" && !can_be_short) return false;
  say(std::string("hit ") + call);
  errno = number_of(s.error);
  return true;
}

int open_file(const char* name, const char* path, int flags, mode_t mode) {
  using Open = int (*)(const char*, int, ...);
  if (!ours(path)) return real<Open>(name)(path, flags, mode);
  if (fails("open")) return -1;
  struct stat info {};
  const bool made = (flags & O_CREAT) != 0 && ::stat(path, &info) != 0;
  const int fd = real<Open>(name)(path, flags, mode);
  if (fd < 0 || static_cast<std::size_t>(fd) >= shim().files.size()) return fd;
  shim().files[static_cast<std::size_t>(fd)] = {.ours = true};
  say(std::string(made ? "create " : "open ") + std::to_string(fd) + ' ' + path);
  return fd;
}

std::string hex(const void* data, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 15U];
  }
  return text;
}

}  // namespace

EXPORTED int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const auto mode = static_cast<mode_t>(va_arg(more, unsigned));
  va_end(more);
  return open_file("open", path, flags, mode);
}

EXPORTED int open64(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const auto mode = static_cast<mode_t>(va_arg(more, unsigned));
  va_end(more);
  return open_file("open64", path, flags, mode);
}

EXPORTED ssize_t write(int fd, const void* data, std::size_t size) {
  using Write = ssize_t (*)(int, const void*, std::size_t);
  OpenFile* file = file_of(fd);
  if (file == nullptr) return real<Write>("write")(fd, data, size);
  if (fails("write", size > 1)) {
    if (shim().error != "SHORT") return -1;
    size /= 2;
  }
  const ssize_t n = real<Write>("write")(fd, data, size);
  if (n <= 0) return n;
  say("write " + std::to_string(fd) + ' ' + std::to_string(file->offset) + ' ' +
      hex(data, static_cast<std::size_t>(n)));
  file->offset += n;
  return n;
}

EXPORTED int fsync(int fd) {
  OpenFile* file = file_of(fd);
  if (file == nullptr) return real<int (*)(int)>("fsync")(fd);
  if (file->sync_failed) say("again");
  if (fails("fsync")) {
    file->sync_failed = errno != EINTR;
    return -1;
  }
  say("fsync " + std::to_string(fd));
  return real<int (*)(int)>("fsync")(fd);
}

EXPORTED int ftruncate(int fd, off_t size) {
  if (file_of(fd) != nullptr && fails("ftruncate")) return -1;
  return real<int (*)(int, off_t)>("ftruncate")(fd, size);
}

EXPORTED int close(int fd) {
  OpenFile* file = file_of(fd);
  const int status = real<int (*)(int)>("close")(fd);
  if (file == nullptr) return status;
  file->ours = false;
  say("close " + std::to_string(fd));
  return fails("close") ? -1 : status;  // closed nevertheless, as Linux does it
}

EXPORTED int rename(const char* from, const char* to) {
  if (ours(from)) {
    if (fails("rename")) return -1;
    say(std::string("rename ") + from + ' ' + to);
  }
  return real<int (*)(const char*, const char*)>("rename")(from, to);
}

EXPORTED int unlink(const char* path) {
  if (ours(path)) {
    if (fails("unlink")) return -1;
    struct stat info {};
    if (::stat(path, &info) == 0) say(std::string("unlink ") + path);
  }
  return real<int (*)(const char*)>("unlink")(path);
}

EXPORTED int mkdir(const char* path, mode_t mode) {
  if (ours(path)) {
    if (fails("mkdir")) return -1;
    struct stat info {};
    if (::stat(path, &info) != 0) say(std::string("mkdir ") + path);
  }
  return real<int (*)(const char*, mode_t)>("mkdir")(path, mode);
}
