#include <headrace/source/lines_source.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>

namespace headrace::source {

using std::chrono::milliseconds;

namespace {

constexpr record::TaskId kTask{};
constexpr std::uint32_t kEpoch = 1;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

base::Error io_error(const std::string& path, int error) {
  return {.code = base::ErrorCode::kIo,
          .message = "cannot read " + path + ": " + std::generic_category().message(error),
          .native_code = error};
}

// A file in memory, read-only.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping() {
    if (data_ != nullptr) munmap(data_, size_);
  }

  [[nodiscard]] static base::Result<Mapping> open(const std::string& path);
  // Borrowed: valid while the mapping lives.
  [[nodiscard]] std::string_view text() const noexcept {
    return {static_cast<const char*>(data_), size_};
  }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

base::Result<Mapping> Mapping::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return io_error(path, errno);
  struct stat about {};
  Mapping mapping;
  int error = fstat(file, &about) == 0 ? 0 : errno;
  if (error == 0 && S_ISDIR(about.st_mode)) error = EISDIR;
  if (error == 0 && about.st_size > 0) {
    const auto size = static_cast<std::size_t>(about.st_size);
    void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED) {
      error = errno;
    } else {
      madvise(data, size, MADV_SEQUENTIAL);
      mapping.data_ = data;
      mapping.size_ = size;
    }
  }
  ::close(file);
  if (error != 0) return io_error(path, error);
  return mapping;
}

// Takes record after record off the front of a text.
class LineReader {
 public:
  LineReader(std::string_view text, bool quotes, char delimiter)
      : rest_(text), quotes_(quotes), delimiter_(delimiter) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  // False at the end of the text.
  bool next(std::string_view& line) {
    do {
      if (rest_.empty()) return false;
      const std::size_t end = end_of_line();
      line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
    } while (line.empty());
    return true;
  }

 private:
  // Where the line feed of the first record is, or the end of the text.
  [[nodiscard]] std::size_t end_of_line() const {
    const std::size_t feed = std::min(rest_.find('\n'), rest_.size());
    if (!quotes_ || rest_.substr(0, feed).find('"') == std::string_view::npos) return feed;
    bool quoted = false;
    bool at_start = true;  // of a field: only there does a quote open
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (quoted) {
        // A doubled quote closes and opens again.
        quoted = c != '"' || (i + 1 < rest_.size() && rest_[i + 1] == '"' && ++i != 0);
      } else if (c == '\n') {
        return i;
      } else {
        quoted = c == '"' && at_start;
        at_start = c == delimiter_;
      }
    }
    return rest_.size();
  }

  std::string_view rest_;
  bool quotes_;
  char delimiter_;
};

class LinesSource final : public Source {
 public:
  LinesSource(LinesSourceConfig config, Mapping mapping)
      : config_(std::move(config)),
        mapping_(std::move(mapping)),
        reader_(mapping_.text(), config_.format == LineFormat::kCsv, config_.delimiter) {
    records_.reserve(config_.poll_max);
    std::string_view header;
    if (config_.format == LineFormat::kCsv && config_.header) reader_.next(header);
  }

  base::Result<Poll> poll(milliseconds timeout) override;
  void pause(std::span<const record::TaskId> tasks) override {
    paused_ = paused_ || has_ours(tasks);
  }
  void resume(std::span<const record::TaskId> tasks) override {
    paused_ = paused_ && !has_ours(tasks);
  }
  base::Status commit(std::span<const TaskPosition> /*positions*/,
                      std::chrono::milliseconds /*deadline*/) override {
    return {};
  }
  std::vector<TaskPosition> positions() const override {
    return {{.task = kTask,
             .epoch = kEpoch,
             .position = next_,
             .low_watermark = 0,
             .high_watermark = ended_ ? next_ : -1}};
  }
  std::vector<std::string> topics() const override {
    return {config_.name.empty() ? config_.path : config_.name};
  }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }
  void close(milliseconds /*deadline*/) noexcept override {
    reader_ = LineReader({}, false, config_.delimiter);
    records_.clear();
    mapping_ = Mapping();
  }

 private:
  static bool has_ours(std::span<const record::TaskId> tasks) {
    return std::find(tasks.begin(), tasks.end(), kTask) != tasks.end();
  }
  void wait(milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return woken_; });
    woken_ = false;
  }
  void fill();

  LinesSourceConfig config_;
  Mapping mapping_;
  LineReader reader_;
  std::vector<RawRecord> records_;
  std::vector<SourceEvent> events_;
  std::int64_t next_ = 0;
  bool started_ = false;
  bool paused_ = false;
  bool ended_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

base::Result<Poll> LinesSource::poll(milliseconds timeout) {
  records_.clear();
  events_.clear();
  const auto say = [&](EventKind kind) {
    events_.push_back({.kind = kind, .task = kTask, .epoch = kEpoch, .offset = next_, .error = {}});
  };
  if (!std::exchange(started_, true)) say(EventKind::kAssigned);
  if (paused_) {
    wait(timeout);
  } else if (!ended_) {
    fill();
    // The end is said with the poll after the last record: events come before records.
    ended_ = records_.empty();
    if (ended_) say(EventKind::kReachedEnd);
  }
  Poll out;
  out.records = records_;
  out.events = events_;
  out.end = ended_;
  return out;
}

void LinesSource::fill() {
  std::string_view line;
  while (records_.size() < config_.poll_max && reader_.next(line)) {
    RawRecord record;
    record.value = line;
    record.task = kTask;
    record.offset = next_++;
    records_.push_back(record);
  }
}

}  // namespace

base::Result<std::unique_ptr<Source>> make_lines_source(LinesSourceConfig config) {
  if (config.poll_max == 0) return base::invalid_argument("poll_max: expected 1 or more");
  base::Result<Mapping> mapping = Mapping::open(config.path);
  if (!mapping) return mapping.error();
  return std::unique_ptr<Source>(
      std::make_unique<LinesSource>(std::move(config), *std::move(mapping)));
}

base::Result<std::vector<std::string>> read_csv_header(const std::string& path, char delimiter) {
  base::Result<Mapping> mapping = Mapping::open(path);
  if (!mapping) return mapping.error();
  LineReader reader(mapping->text(), true, delimiter);
  std::string_view line;
  if (!reader.next(line)) {
    return base::Error{.code = base::ErrorCode::kIo,
                       .message = "cannot read " + path + ": no header line"};
  }
  std::vector<std::string> names(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      names.back() += line[++i];
    } else if (c == '"' && (quoted || names.back().empty())) {
      quoted = !quoted;
    } else if (c == delimiter && !quoted) {
      names.emplace_back();
    } else {
      names.back() += c;
    }
  }
  return names;
}

}  // namespace headrace::source
