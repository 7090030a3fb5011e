#include <headrace/checkpoint/shelf.hpp>

#include <algorithm>
#include <cstring>

#include <headrace/base/crc32c.hpp>
#include <headrace/base/failpoint.hpp>

namespace headrace::checkpoint {
namespace {

constexpr std::int32_t kManifests = 0;

std::uint64_t payload_bytes(const Checkpoint& checkpoint) {
  std::uint64_t sum = 0;
  for (const Section& section : checkpoint.sections) sum += section.bytes.size();
  return sum;
}

// Bytes in pieces of the same size, without a copy where one span has a whole piece.
class Cutter {
 public:
  Cutter(TopicLog& log, const Manifest& manifest) : log_(log), manifest_(manifest) {}

  base::Status add(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const std::size_t room = TopicLog::kLargest - piece_.size();
      const std::span<const std::byte> part = bytes.first(std::min(room, bytes.size()));
      bytes = bytes.subspan(part.size());
      if (part.size() == TopicLog::kLargest) {
        if (base::Status s = send(part); !s) return s;
        continue;
      }
      piece_.insert(piece_.end(), part.begin(), part.end());
      if (piece_.size() < TopicLog::kLargest) continue;
      if (base::Status s = finish(); !s) return s;
    }
    return {};
  }
  base::Status finish() {
    if (piece_.empty()) return {};
    base::Status status = send(piece_);
    piece_.clear();
    return status;
  }

 private:
  base::Status send(std::span<const std::byte> piece) {
    HEADRACE_FAILPOINT("checkpoint.chunk");
    return log_.send(manifest_.partition, chunk_key(manifest_, next_++), piece);
  }

  TopicLog& log_;
  const Manifest& manifest_;
  std::vector<std::byte> piece_;
  std::uint64_t next_ = 0;
};

// The head of the manifest, then the chunks as they come from the topic.
class Assembler {
 public:
  Assembler(const Manifest& manifest, TopicLog::Cursor cursor)
      : manifest_(manifest), cursor_(std::move(cursor)), left_(manifest.head) {}

  base::Status fill(std::span<std::byte> out) {
    while (!out.empty()) {
      if (left_.empty()) {
        if (base::Status s = next_chunk(); !s) return s;
      }
      const std::size_t n = std::min(left_.size(), out.size());
      if (n > 0) std::memcpy(out.data(), left_.data(), n);
      left_ = left_.subspan(n);
      out = out.subspan(n);
    }
    return {};
  }

 private:
  // One who wrote them sent them in order, and no one else has keys of this attempt.
  base::Status next_chunk() {
    const std::string key = chunk_key(manifest_, next_);
    while (next_ < manifest_.chunks) {
      const base::Result<const source::RawRecord*> record = cursor_.next();
      if (!record) return record.error();
      if (*record == nullptr) break;
      if ((*record)->key != key || (*record)->tombstone) continue;
      left_ = std::as_bytes(std::span((*record)->value));
      ++next_;
      return {};
    }
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = "the checkpoint is not whole: chunk " + std::to_string(next_) +
                                  " of " + std::to_string(manifest_.chunks) + " is missing"};
  }

  const Manifest& manifest_;
  TopicLog::Cursor cursor_;
  std::span<const std::byte> left_;
  std::uint64_t next_ = 0;
};

}  // namespace

base::Status Shelf::refresh() {
  const base::Result<std::vector<std::int64_t>> ends = log_->ends();
  if (!ends) return ends.error();
  const std::int64_t end = ends->front();
  if (end == position_) return {};
  if (end < position_) {  // another topic of the same name
    entries_.clear();
    seals_.clear();
    position_ = 0;
  }
  base::Result<TopicLog::Cursor> cursor = log_->read(kManifests, position_);
  if (!cursor) return cursor.error();
  for (;;) {
    const base::Result<const source::RawRecord*> record = cursor->next();
    if (!record) return record.error();
    if (*record == nullptr) break;
    apply((*record)->key, (*record)->value, (*record)->tombstone);
    position_ = (*record)->offset + 1;
  }
  position_ = std::max(position_, end);
  return {};
}

void Shelf::apply(std::string_view key, std::string_view value, bool tombstone) {
  if (key.starts_with(kSealKind)) {
    const std::string name(key.substr(kSealKind.size()));
    if (tombstone) {
      seals_.erase(name);
    } else {
      seals_[name] = value;
    }
  }
  base::Result<Manifest> named = decode_key(key);
  if (!named) return;  // a chunk, where there is one partition only
  if (tombstone) {
    entries_.erase(std::string(key));
    return;
  }
  Entry& entry = entries_[std::string(key)];
  base::Result<Manifest> made = decode_manifest(key, std::as_bytes(std::span(value)));
  entry = {.manifest = made ? *std::move(made) : *std::move(named),
           .trouble = made ? std::string() : made.error().message,
           .sequence = ++sequence_};
}

std::vector<Shelf::Entry> Shelf::entries(const std::string& scope) const {
  std::vector<Entry> found;
  for (const auto& [key, entry] : entries_) {
    if (entry.manifest.scope == scope) found.push_back(entry);
  }
  return found;
}

std::set<std::string> Shelf::scopes() const {
  std::set<std::string> found;
  for (const auto& [key, entry] : entries_) found.insert(entry.manifest.scope);
  return found;
}

std::vector<Shelf::Entry> Shelf::whole_ones(const std::string& scope,
                                            const std::string& unit) const {
  std::map<std::uint64_t, Entry> newest;
  for (Entry& entry : entries(scope)) {
    if (entry.manifest.unit != unit || (entry.trouble.empty() && !entry.manifest.whole)) continue;
    Entry& known = newest[entry.manifest.commit];
    if (entry.sequence > known.sequence) known = std::move(entry);
  }
  std::vector<Entry> found;
  for (auto& [commit, entry] : newest) found.push_back(std::move(entry));
  return found;
}

base::Result<Shelf::Entry> Shelf::put(const std::string& scope, const Checkpoint& checkpoint) {
  HEADRACE_FAILPOINT("checkpoint.before_manifest");
  base::Result<Manifest> made = begin(scope, checkpoint);
  if (!made) return made.error();
  if (base::Status s = send_chunks(*made, checkpoint); !s) return s.error();
  HEADRACE_FAILPOINT("checkpoint.after_chunks");
  made->whole = true;
  if (base::Status s = send_manifest(*made); !s) return s.error();
  HEADRACE_FAILPOINT("checkpoint.after_manifest");
  return entries_.at(key_of(*made));
}

// Says that chunks will come, before the first of them.
base::Result<Manifest> Shelf::begin(const std::string& scope, const Checkpoint& checkpoint) {
  Manifest made;
  made.scope = scope;
  made.commit = checkpoint.commit;
  made.attempt = new_attempt();
  made.unit = checkpoint.unit;
  if (log_->partitions() > 1) {
    const auto others = static_cast<std::uint32_t>(log_->partitions() - 1);
    made.partition = static_cast<std::int32_t>(
        1 + base::crc32c(std::as_bytes(std::span(checkpoint.unit))) % others);
  }
  const base::Result<std::vector<std::int64_t>> ends = log_->ends();
  if (!ends) return ends.error();
  made.from = (*ends)[static_cast<std::size_t>(made.partition)];
  made.head = encode_head(checkpoint);
  if (made.head.size() > TopicLog::kLargest / 2) {
    return base::Error{.code = base::ErrorCode::kCheckpoint,
                       .message = "the checkpoint of " + checkpoint.unit + " has a header of " +
                                  std::to_string(made.head.size()) +
                                  " bytes, too large for one record of a topic"};
  }
  const std::size_t tail = encode_tail(checkpoint, made.head.size()).size();
  const std::uint64_t rest = payload_bytes(checkpoint) + tail;
  made.chunks = (rest + TopicLog::kLargest - 1) / TopicLog::kLargest;
  made.bytes = made.head.size() + rest;
  if (base::Status s = send_manifest(made); !s) return s.error();
  return made;
}

base::Status Shelf::send_manifest(const Manifest& manifest) {
  const std::string key = key_of(manifest);
  const std::vector<std::byte> value = encode(manifest);
  if (base::Status s = log_->send(kManifests, key, value); !s) return s;
  if (base::Status s = log_->flush(); !s) return s;
  apply(key, {reinterpret_cast<const char*>(value.data()), value.size()}, false);
  return {};
}

base::Status Shelf::send_chunks(const Manifest& manifest, const Checkpoint& checkpoint) {
  Cutter cutter(*log_, manifest);
  for (const Section& section : checkpoint.sections) {
    if (base::Status s = cutter.add(section.bytes); !s) return s;
  }
  if (base::Status s = cutter.add(encode_tail(checkpoint, manifest.head.size())); !s) return s;
  if (base::Status s = cutter.finish(); !s) return s;
  return log_->flush();
}

base::Result<Checkpoint> Shelf::get(const Manifest& manifest, Depth depth) {
  if (depth == Depth::kHeader) {
    std::span<const std::byte> left(manifest.head);
    const Fill fill = [&left](std::span<std::byte> out) -> base::Status {
      if (out.size() > left.size()) {
        return base::Error{.code = base::ErrorCode::kCheckpoint,
                           .message = "the checkpoint is damaged: its header"};
      }
      if (!out.empty()) std::memcpy(out.data(), left.data(), out.size());
      left = left.subspan(out.size());
      return {};
    };
    return decode(fill, manifest.bytes, depth);
  }
  base::Result<TopicLog::Cursor> cursor = log_->read(manifest.partition, manifest.from);
  if (!cursor) return cursor.error();
  Assembler assembler(manifest, *std::move(cursor));
  const Fill fill = [&](std::span<std::byte> out) { return assembler.fill(out); };
  return decode(fill, manifest.bytes, depth);
}

base::Status Shelf::remove(const Manifest& manifest) {
  for (std::uint64_t chunk = 0; chunk < manifest.chunks; ++chunk) {
    if (base::Status s = log_->remove(manifest.partition, chunk_key(manifest, chunk)); !s) return s;
  }
  const std::string key = key_of(manifest);
  if (base::Status s = log_->remove(kManifests, key); !s) return s;
  apply(key, {}, true);
  return {};
}

base::Status Shelf::seal(const std::string& savepoint, const std::string& scope) {
  const std::string key = seal_key(savepoint);
  if (base::Status s = log_->send(kManifests, key, std::as_bytes(std::span(scope))); !s) return s;
  if (base::Status s = log_->flush(); !s) return s;
  apply(key, scope, false);
  return {};
}

base::Status Shelf::unseal(const std::string& savepoint) {
  const std::string key = seal_key(savepoint);
  if (base::Status s = log_->remove(kManifests, key); !s) return s;
  apply(key, {}, true);
  return log_->flush();
}

}  // namespace headrace::checkpoint
