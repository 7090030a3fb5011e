#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <functional>
#include <limits>
#include <mutex>
#include <set>
#include <utility>

#include <headrace/base/failpoint.hpp>
#include <headrace/checkpoint/files.hpp>
#include <headrace/checkpoint/names.hpp>
#include <headrace/checkpoint/retention.hpp>
#include <headrace/checkpoint/store.hpp>

namespace headrace::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".ckpt";
constexpr std::string_view kUnfinished = ".tmp";
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

// By name as by commit.
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

// Another one at each call, so that a file that could not be removed is not written to again.
fs::path unfinished_name(const fs::path& final_name) {
  static std::atomic<std::uint64_t> number{0};
  return final_name.string() + '.' + std::to_string(::getpid()) + '.' +
         std::to_string(number.fetch_add(1, std::memory_order_relaxed)) + std::string(kUnfinished);
}

// Nothing where the directory does not exist.
base::Result<std::vector<fs::path>> entries_of(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    found.push_back(at->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return io_error("list", directory, error.value());
  }
  return found;
}

base::Result<Checkpoint> read_checkpoint(const std::string& path, Depth depth,
                                         std::uint64_t* size = nullptr) {
  base::Result<FileReader> reader = FileReader::open(path);
  if (!reader) return reader.error();
  if (size != nullptr) *size = reader->size();
  const Fill fill = [&](std::span<std::byte> bytes) { return reader->read(bytes); };
  base::Result<Checkpoint> made = decode(fill, reader->size(), depth);
  if (made || made.error().code != base::ErrorCode::kCheckpoint) return made;
  base::Error error = made.error();
  error.message = path + ": " + error.message;
  return error;
}

base::Status check_identity(const Checkpoint& made, const Stored& stored) {
  if (made.unit == stored.unit && made.commit == stored.commit) return {};
  return base::Error{.code = base::ErrorCode::kCheckpoint,
                     .message = stored.where + ": the checkpoint is of " + made.unit + ", commit " +
                                std::to_string(made.commit) + ": it has the name of another one"};
}

class DirectoryStore final : public Store {
 public:
  DirectoryStore(fs::path path, std::size_t keep) : path_(std::move(path)), keep_(keep) {}

  base::Status write(const Checkpoint& checkpoint) override;
  base::Result<std::vector<Stored>> list(const std::string& unit) override;
  base::Result<Checkpoint> load(const Stored& stored) override { return read(stored, Depth::kAll); }
  base::Status verify(const Stored& stored) override;
  base::Result<std::vector<std::string>> units() override;
  std::string describe() const override { return path_.string(); }

  base::Result<std::shared_ptr<Store>> begin_savepoint(const std::string& name) override;
  base::Status seal_savepoint(const std::string& name) override;
  base::Result<std::shared_ptr<Store>> savepoint(const std::string& name) override;
  base::Result<std::vector<std::string>> savepoints() override;
  base::Status remove_savepoint(const std::string& name) override;

 private:
  base::Status begin(const Checkpoint& first, std::vector<Stored>& old);
  base::Status write_file(const fs::path& directory, const Checkpoint& checkpoint);
  base::Result<Checkpoint> read(const Stored& stored, Depth depth);
  void tidy(const Checkpoint& written);
  bool is_whole(const Stored& stored);
  fs::path directory_of(const std::string& unit) const { return path_ / file_name_of(unit); }
  fs::path open_savepoint(const std::string& name) const;
  base::Error taken(const std::string& name) const { return savepoint_taken(name, describe()); }

  fs::path path_;
  std::size_t keep_;
  std::mutex mutex_;             // over what follows
  std::set<std::string> begun_;  // units that this store has written
  std::set<std::string> whole_;  // files that were written or verified by it
};

// Before the first write of a unit: its directory, and which checkpoints will have to go.
base::Status DirectoryStore::begin(const Checkpoint& first, std::vector<Stored>& old) {
  {
    const std::lock_guard lock(mutex_);
    if (begun_.contains(first.unit)) return {};
  }
  if (base::Status s = make_directory(directory_of(first.unit)); !s) return s;
  // One who died may have made it without syncing.
  if (base::Status s = sync_directory(path_); !s) return s;
  base::Result<std::vector<Stored>> there = list(first.unit);
  if (!there) return there.error();
  old = given_up(*std::move(there), first);
  return {};
}

base::Status DirectoryStore::write(const Checkpoint& checkpoint) {
  std::vector<Stored> old;
  if (base::Status s = begin(checkpoint, old); !s) return s;
  const fs::path directory = directory_of(checkpoint.unit);
  if (base::Status s = write_file(directory, checkpoint); !s) return s;
  {
    const std::lock_guard lock(mutex_);
    begun_.insert(checkpoint.unit);
    whole_.insert((directory / name_of(checkpoint.commit)).string());
  }
  for (const Stored& stored : old) remove_file(stored.where);
  tidy(checkpoint);
  return {};
}

base::Status DirectoryStore::write_file(const fs::path& directory, const Checkpoint& checkpoint) {
  const fs::path final_name = directory / name_of(checkpoint.commit);
  const fs::path unfinished = unfinished_name(final_name);
  const std::vector<std::byte> head = encode_head(checkpoint);
  const std::vector<std::byte> tail = encode_tail(checkpoint, head.size());
  Parts parts{head};
  for (const Section& section : checkpoint.sections) parts.emplace_back(section.bytes);
  parts.emplace_back(tail);
  base::Status status = write_new_file(unfinished, parts);
  HEADRACE_FAILPOINT("checkpoint.before_rename");
  if (status) status = rename_file(unfinished, final_name);
  if (!status) {
    remove_file(unfinished);
    return status;
  }
  HEADRACE_FAILPOINT("checkpoint.before_directory_sync");
  if (status = sync_directory(directory); !status) return status;
  HEADRACE_FAILPOINT("checkpoint.after_write");
  return {};
}

base::Result<std::vector<Stored>> DirectoryStore::list(const std::string& unit) {
  const base::Result<std::vector<fs::path>> files = entries_of(directory_of(unit));
  if (!files) return files.error();
  std::vector<Stored> found;
  for (const fs::path& file : *files) {
    Stored stored{.unit = unit, .where = file.string()};
    if (!parse_name(file.filename().string(), stored.commit)) continue;
    base::Result<Checkpoint> made = read_checkpoint(stored.where, Depth::kHeader, &stored.bytes);
    // Another process may have tidied it up meanwhile.
    if (!made && made.error().native_code == ENOENT) continue;
    if (made) {
      if (base::Status same = check_identity(*made, stored); !same) made = same.error();
    }
    if (made) {
      stored.pipeline = std::move(made->pipeline);
      stored.read_to = std::move(made->read_to);
      stored.facts = std::move(made->facts);
    } else {
      stored.trouble = made.error().message;
    }
    found.push_back(std::move(stored));
  }
  std::ranges::sort(found, std::greater{}, &Stored::commit);
  return found;
}

base::Result<Checkpoint> DirectoryStore::read(const Stored& stored, Depth depth) {
  base::Result<Checkpoint> made = read_checkpoint(stored.where, depth);
  if (!made) return made;
  if (base::Status same = check_identity(*made, stored); !same) return same.error();
  const std::lock_guard lock(mutex_);
  whole_.insert(stored.where);
  return made;
}

base::Status DirectoryStore::verify(const Stored& stored) {
  const base::Result<Checkpoint> made = read(stored, Depth::kVerify);
  return made ? base::Status() : base::Status(made.error());
}

bool DirectoryStore::is_whole(const Stored& stored) {
  if (!stored.trouble.empty()) return false;
  {
    const std::lock_guard lock(mutex_);
    if (whole_.contains(stored.where)) return true;
  }
  return verify(stored).ok();
}

// What cannot be removed is tried again the next time. A unit has one writer at a time, so what is
// unfinished here was left by one who died.
void DirectoryStore::tidy(const Checkpoint& written) {
  if (keep_ == kAll) return;
  base::Result<std::vector<Stored>> there = list(written.unit);
  if (!there) return;
  const auto whole = [this](const Stored& stored) { return is_whole(stored); };
  for (const Stored& stored : outdated(*std::move(there), written, keep_, whole)) {
    remove_file(stored.where);
    const std::lock_guard lock(mutex_);
    whole_.erase(stored.where);
  }
  const base::Result<std::vector<fs::path>> files = entries_of(directory_of(written.unit));
  if (!files) return;
  for (const fs::path& file : *files) {
    if (file.extension() == kUnfinished) remove_file(file);
  }
}

base::Result<std::vector<std::string>> DirectoryStore::units() {
  const base::Result<std::vector<fs::path>> directories = entries_of(path_);
  if (!directories) return directories.error();
  std::set<std::string> found;
  for (const fs::path& directory : *directories) {
    const std::string name = directory.filename().string();
    if (name.starts_with('.') || name == kSavepoints || !directory_exists(directory)) continue;
    const base::Result<std::vector<fs::path>> files = entries_of(directory);
    if (!files) return files.error();
    for (const fs::path& file : *files) {
      std::uint64_t commit = 0;
      if (!parse_name(file.filename().string(), commit)) continue;
      std::string unit = unit_of_file_name(name);
      if (unit.empty()) {
        base::Result<Checkpoint> made = read_checkpoint(file.string(), Depth::kHeader);
        if (made) unit = std::move(made->unit);
      }
      if (!unit.empty() && file_name_of(unit) == name) found.insert(std::move(unit));
    }
  }
  return std::vector<std::string>(found.begin(), found.end());
}

// Hidden, and of this process alone, until it is renamed to what it is called.
fs::path DirectoryStore::open_savepoint(const std::string& name) const {
  return path_ / kSavepoints / ('.' + name + '.' + std::to_string(::getpid()));
}

base::Result<std::shared_ptr<Store>> DirectoryStore::begin_savepoint(const std::string& name) {
  if (base::Status s = check_savepoint_name(name); !s) return s.error();
  if (directory_exists(path_ / kSavepoints / name)) {
    return taken(name);
  }
  const fs::path directory = open_savepoint(name);
  std::error_code error;
  fs::remove_all(directory, error);
  if (base::Status s = make_directory(directory); !s) return s.error();
  return std::shared_ptr<Store>(std::make_shared<DirectoryStore>(directory, kAll));
}

base::Status DirectoryStore::seal_savepoint(const std::string& name) {
  if (base::Status s = check_savepoint_name(name); !s) return s;
  const fs::path all = path_ / kSavepoints;
  if (directory_exists(all / name)) return taken(name);
  if (base::Status s = rename_file(open_savepoint(name), all / name); !s) return s;
  return sync_directory(all);
}

base::Result<std::shared_ptr<Store>> DirectoryStore::savepoint(const std::string& name) {
  if (base::Status s = check_savepoint_name(name); !s) return s.error();
  const fs::path directory = path_ / kSavepoints / name;
  if (directory_exists(directory)) {
    return std::shared_ptr<Store>(std::make_shared<DirectoryStore>(directory, kAll));
  }
  const base::Result<std::vector<std::string>> existing = savepoints();
  if (!existing) return existing.error();
  return no_savepoint(name, describe(), *existing);
}

base::Result<std::vector<std::string>> DirectoryStore::savepoints() {
  const base::Result<std::vector<fs::path>> directories = entries_of(path_ / kSavepoints);
  if (!directories) return directories.error();
  std::vector<std::string> names;
  for (const fs::path& directory : *directories) {
    const std::string name = directory.filename().string();
    if (check_savepoint_name(name) && directory_exists(directory)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

base::Status DirectoryStore::remove_savepoint(const std::string& name) {
  if (const base::Result<std::shared_ptr<Store>> there = savepoint(name); !there) {
    return there.error();
  }
  // Gone at once for everybody, then removed.
  const fs::path hidden = open_savepoint(name);
  std::error_code error;
  fs::remove_all(hidden, error);
  if (base::Status s = rename_file(path_ / kSavepoints / name, hidden); !s) return s;
  if (base::Status s = sync_directory(path_ / kSavepoints); !s) return s;
  fs::remove_all(hidden, error);
  if (error) return io_error("remove", hidden, error.value());
  return {};
}

}  // namespace

base::Result<std::shared_ptr<Store>> open_directory_store(const std::string& path,
                                                          std::size_t keep) {
  if (keep == 0) return base::invalid_argument("a store keeps one checkpoint at least, not 0");
  if (base::Status s = make_directory(path); !s) return s.error();
  if (::access(path.c_str(), W_OK | X_OK) != 0) return io_error("write to", path, errno);
  return std::shared_ptr<Store>(std::make_shared<DirectoryStore>(path, keep));
}

base::Result<std::shared_ptr<Store>> find_directory_store(const std::string& path) {
  if (!directory_exists(path)) return io_error("read", path, ENOENT);
  return std::shared_ptr<Store>(std::make_shared<DirectoryStore>(path, kAll));
}

}  // namespace headrace::checkpoint
