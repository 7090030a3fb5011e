#include <headrace/checkpoint/kafka_store.hpp>

#include <algorithm>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <headrace/checkpoint/names.hpp>
#include <headrace/checkpoint/retention.hpp>
#include <headrace/checkpoint/shelf.hpp>

namespace headrace::checkpoint {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
constexpr const char* kMain = "-";
constexpr char kBetween = '~';  // a savepoint's name and the attempt to make it

// What the store and its savepoints share.
struct Shared {
  explicit Shared(Shelf made) : shelf(std::move(made)) {}
  std::mutex mutex;
  Shelf shelf;
  std::map<std::string, std::string> begun;  // savepoints of this process, and their scopes
};

class KafkaStore final : public Store {
 public:
  // `name`: for messages.
  KafkaStore(std::shared_ptr<Shared> shared, std::string scope, std::string name, std::size_t keep)
      : shared_(std::move(shared)), scope_(std::move(scope)), name_(std::move(name)), keep_(keep) {}

  base::Status write(const Checkpoint& checkpoint) override;
  base::Result<std::vector<Stored>> list(const std::string& unit) override;
  base::Result<Checkpoint> load(const Stored& stored) override;
  base::Status verify(const Stored& stored) override;
  base::Result<std::vector<std::string>> units() override;
  std::string describe() const override { return name_; }

  base::Result<std::shared_ptr<Store>> begin_savepoint(const std::string& name) override;
  base::Status seal_savepoint(const std::string& name) override;
  base::Result<std::shared_ptr<Store>> savepoint(const std::string& name) override;
  base::Result<std::vector<std::string>> savepoints() override;
  base::Status remove_savepoint(const std::string& name) override;

 private:
  // All of these with the mutex held.
  Shelf& shelf() const noexcept { return shared_->shelf; }
  std::string where(const Manifest& manifest) const;
  Stored stored_of(const Shelf::Entry& entry) const;
  std::vector<Stored> known(const std::string& unit) const;
  std::optional<Shelf::Entry> entry_of(const Stored& stored) const;
  base::Result<Checkpoint> read(const Stored& stored, Depth depth);
  bool is_whole(const Stored& stored);
  void tidy(const Checkpoint& written, const Manifest& manifest);
  base::Status remove_scopes(const std::string& savepoint, const std::string& but);
  std::shared_ptr<Store> store_of(const std::string& savepoint, const std::string& scope) const;

  std::shared_ptr<Shared> shared_;
  std::string scope_;
  std::string name_;
  std::size_t keep_;
  std::set<std::string> begun_;  // units that this store has written
  std::set<std::string> whole_;  // what was written or verified by it
};

std::string KafkaStore::where(const Manifest& manifest) const {
  return name_ + '/' + manifest.unit + '/' + std::to_string(manifest.commit) + '.' +
         manifest.attempt;
}

Stored KafkaStore::stored_of(const Shelf::Entry& entry) const {
  const Manifest& manifest = entry.manifest;
  Stored stored{.unit = manifest.unit,
                .commit = manifest.commit,
                .where = where(manifest),
                .bytes = manifest.bytes};
  if (!entry.trouble.empty()) {
    stored.trouble = stored.where + ": " + entry.trouble;
    return stored;
  }
  base::Result<Checkpoint> made = shelf().get(manifest, Depth::kHeader);
  if (made) {
    stored.pipeline = std::move(made->pipeline);
    stored.read_to = std::move(made->read_to);
    stored.facts = std::move(made->facts);
  } else {
    stored.trouble = stored.where + ": " + made.error().message;
  }
  return stored;
}

std::vector<Stored> KafkaStore::known(const std::string& unit) const {
  std::vector<Stored> found;
  for (const Shelf::Entry& entry : shelf().whole_ones(scope_, unit)) {
    found.push_back(stored_of(entry));
  }
  std::ranges::sort(found, std::greater{}, &Stored::commit);
  return found;
}

base::Status KafkaStore::write(const Checkpoint& checkpoint) {
  const std::lock_guard lock(shared_->mutex);
  std::vector<Stored> old;
  if (!begun_.contains(checkpoint.unit)) {
    if (base::Status s = shelf().refresh(); !s) return s;
    old = given_up(known(checkpoint.unit), checkpoint);
  }
  const base::Result<Shelf::Entry> made = shelf().put(scope_, checkpoint);
  if (!made) return made.error();
  begun_.insert(checkpoint.unit);
  whole_.insert(where(made->manifest));
  for (const Stored& stored : old) {
    const std::optional<Shelf::Entry> entry = entry_of(stored);
    // What cannot be removed is tried again by the next one who begins.
    if (entry && !shelf().remove(entry->manifest)) break;
  }
  tidy(checkpoint, made->manifest);
  return {};
}

// What is not whole was left by one who died: a unit has one writer at a time.
void KafkaStore::tidy(const Checkpoint& written, const Manifest& manifest) {
  std::vector<Manifest> old;
  for (const Shelf::Entry& entry : shelf().entries(scope_)) {
    const Manifest& other = entry.manifest;
    if (other.unit != written.unit || other.attempt == manifest.attempt) continue;
    const bool unfinished = entry.trouble.empty() && !other.whole;
    if (unfinished || other.commit == written.commit) old.push_back(other);
  }
  if (keep_ != kAll) {
    const auto whole = [this](const Stored& stored) { return is_whole(stored); };
    for (const Stored& stored : outdated(known(written.unit), written, keep_, whole)) {
      if (const auto entry = entry_of(stored)) old.push_back(entry->manifest);
    }
  }
  for (const Manifest& gone : old) {
    whole_.erase(where(gone));
    if (!shelf().remove(gone)) return;
  }
  static_cast<void>(shelf().flush());
}

base::Result<std::vector<Stored>> KafkaStore::list(const std::string& unit) {
  const std::lock_guard lock(shared_->mutex);
  if (base::Status s = shelf().refresh(); !s) return s.error();
  return known(unit);
}

std::optional<Shelf::Entry> KafkaStore::entry_of(const Stored& stored) const {
  for (Shelf::Entry& entry : shelf().whole_ones(scope_, stored.unit)) {
    if (where(entry.manifest) == stored.where) return std::move(entry);
  }
  return std::nullopt;
}

base::Result<Checkpoint> KafkaStore::read(const Stored& stored, Depth depth) {
  const std::optional<Shelf::Entry> entry = entry_of(stored);
  base::Error error{.code = base::ErrorCode::kCheckpoint, .message = stored.trouble};
  if (!entry) {
    error.message = stored.where + ": the checkpoint is not there any more";
    return error;
  }
  if (!entry->trouble.empty()) return error;
  base::Result<Checkpoint> made = shelf().get(entry->manifest, depth);
  if (!made) {
    error = made.error();
    error.message = stored.where + ": " + error.message;
    return error;
  }
  if (made->unit != stored.unit || made->commit != stored.commit) {
    error.message = stored.where + ": the checkpoint is of " + made->unit + ", commit " +
                    std::to_string(made->commit) + ": it has the name of another one";
    return error;
  }
  whole_.insert(stored.where);
  return made;
}

base::Result<Checkpoint> KafkaStore::load(const Stored& stored) {
  const std::lock_guard lock(shared_->mutex);
  return read(stored, Depth::kAll);
}

base::Status KafkaStore::verify(const Stored& stored) {
  const std::lock_guard lock(shared_->mutex);
  const base::Result<Checkpoint> made = read(stored, Depth::kVerify);
  return made ? base::Status() : base::Status(made.error());
}

bool KafkaStore::is_whole(const Stored& stored) {
  return stored.trouble.empty() &&
         (whole_.contains(stored.where) || read(stored, Depth::kVerify).has_value());
}

base::Result<std::vector<std::string>> KafkaStore::units() {
  const std::lock_guard lock(shared_->mutex);
  if (base::Status s = shelf().refresh(); !s) return s.error();
  std::set<std::string> found;
  for (const Shelf::Entry& entry : shelf().entries(scope_)) {
    if (entry.manifest.whole || !entry.trouble.empty()) found.insert(entry.manifest.unit);
  }
  return std::vector<std::string>(found.begin(), found.end());
}

std::shared_ptr<Store> KafkaStore::store_of(const std::string& savepoint,
                                            const std::string& scope) const {
  return std::make_shared<KafkaStore>(
      shared_, scope, name_ + '/' + std::string(kSavepoints) + '/' + savepoint, kAll);
}

base::Result<std::shared_ptr<Store>> KafkaStore::begin_savepoint(const std::string& name) {
  if (base::Status s = check_savepoint_name(name); !s) return s.error();
  const std::lock_guard lock(shared_->mutex);
  if (base::Status s = shelf().refresh(); !s) return s.error();
  if (shelf().seals().contains(name)) return savepoint_taken(name, name_);
  const std::string scope = name + kBetween + new_attempt();
  shared_->begun[name] = scope;
  return store_of(name, scope);
}

base::Status KafkaStore::seal_savepoint(const std::string& name) {
  if (base::Status s = check_savepoint_name(name); !s) return s;
  const std::lock_guard lock(shared_->mutex);
  if (base::Status s = shelf().refresh(); !s) return s;
  if (shelf().seals().contains(name)) return savepoint_taken(name, name_);
  const auto begun = shared_->begun.find(name);
  if (begun == shared_->begun.end()) {
    return base::invalid_argument("the savepoint \"" + name + "\" was not begun");
  }
  if (base::Status s = shelf().seal(name, begun->second); !s) return s;
  // What others left of it, who died.
  static_cast<void>(remove_scopes(name, begun->second));
  shared_->begun.erase(begun);
  return {};
}

base::Status KafkaStore::remove_scopes(const std::string& savepoint, const std::string& but) {
  for (const std::string& scope : shelf().scopes()) {
    if (!scope.starts_with(savepoint + kBetween) || scope == but) continue;
    for (const Shelf::Entry& entry : shelf().entries(scope)) {
      if (base::Status s = shelf().remove(entry.manifest); !s) return s;
    }
  }
  return shelf().flush();
}

base::Result<std::shared_ptr<Store>> KafkaStore::savepoint(const std::string& name) {
  if (base::Status s = check_savepoint_name(name); !s) return s.error();
  base::Result<std::vector<std::string>> existing = savepoints();
  if (!existing) return existing.error();
  const std::lock_guard lock(shared_->mutex);
  const auto found = shelf().seals().find(name);
  if (found == shelf().seals().end()) return no_savepoint(name, name_, *existing);
  return store_of(name, found->second);
}

base::Result<std::vector<std::string>> KafkaStore::savepoints() {
  const std::lock_guard lock(shared_->mutex);
  if (base::Status s = shelf().refresh(); !s) return s.error();
  std::vector<std::string> names;
  for (const auto& [name, scope] : shelf().seals()) names.push_back(name);
  return names;
}

base::Status KafkaStore::remove_savepoint(const std::string& name) {
  if (const base::Result<std::shared_ptr<Store>> there = savepoint(name); !there) {
    return there.error();
  }
  const std::lock_guard lock(shared_->mutex);
  // Gone at once for everybody, then removed.
  if (base::Status s = shelf().unseal(name); !s) return s;
  return remove_scopes(name, {});
}

}  // namespace

base::Result<std::shared_ptr<Store>> open_kafka_store(KafkaStoreConfig config) {
  if (config.keep == 0) {
    return base::invalid_argument("a store keeps one checkpoint at least, not 0");
  }
  base::Result<std::unique_ptr<TopicLog>> log =
      TopicLog::open(std::move(config.client), config.topic, config.make);
  if (!log) return log.error();
  return std::shared_ptr<Store>(
      std::make_shared<KafkaStore>(std::make_shared<Shared>(Shelf(*std::move(log))), kMain,
                                   "kafka://" + config.topic, config.keep));
}

}  // namespace headrace::checkpoint
