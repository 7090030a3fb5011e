#include "planted.hpp"

#include <map>
#include <string>
#include <vector>

namespace headrace::simulation {
namespace {

// Does what the log does.
class Faithful : public sink::TransactionLog {
 public:
  explicit Faithful(ModelLog& log) : log_(log) {}
  base::Status init() override { return log_.init(); }
  base::Status begin() override { return log_.begin(); }
  base::Status write(const sink::Output& output) override { return log_.write(output); }
  base::Status flush() override { return log_.flush(); }
  base::Result<std::string> membership() override { return log_.membership(); }
  base::Status send_positions(const std::string& membership,
                              std::span<const sink::Position> positions) override {
    return log_.send_positions(membership, positions);
  }
  base::Status commit() override { return log_.commit(); }
  base::Result<std::vector<sink::Mark>> committed(
      std::span<const sink::Partition> partitions) override {
    return log_.committed(partitions);
  }
  void renew() noexcept override { log_.renew(); }
  base::Status rest(std::chrono::milliseconds time) override { return log_.rest(time); }
  void cancel() noexcept override { log_.cancel(); }

 protected:
  ModelLog& log_;  // NOLINT: for those below
};

class CommitBeforeFlush final : public Faithful {
 public:
  using Faithful::Faithful;
  base::Status flush() override { return {}; }
};

// At the beginning one is nobody yet, which a broker lets pass.
class StaleMembership final : public Faithful {
 public:
  using Faithful::Faithful;
  base::Result<std::string> membership() override { return to_text(Membership{}); }
};

class Reuse final : public Faithful {
 public:
  using Faithful::Faithful;
  base::Status init() override {
    if (began_) {
      log_.abort();
      return {};
    }
    base::Status status = log_.init();
    began_ = status.ok();
    return status;
  }
  void renew() noexcept override {}

 private:
  bool began_ = false;
};

class MetadataIgnored final : public Faithful {
 public:
  using Faithful::Faithful;
  base::Status send_positions(const std::string& membership,
                              std::span<const sink::Position> positions) override {
    for (const sink::Position& position : positions) sent_[position.partition] = position.mark;
    return log_.send_positions(membership, positions);
  }
  base::Result<std::vector<sink::Mark>> committed(
      std::span<const sink::Partition> partitions) override {
    base::Result<std::vector<sink::Mark>> found = log_.committed(partitions);
    for (std::size_t i = 0; found && i < partitions.size(); ++i) {
      const auto sent = sent_.find(partitions[i]);
      if (sent != sent_.end() && sent->second.offset == (*found)[i].offset) {
        (*found)[i] = sent->second;
      }
    }
    return found;
  }

 private:
  std::map<sink::Partition, sink::Mark> sent_;
};

}  // namespace

std::optional<Bug> bug_from(std::string_view name) {
  for (const auto& [bug, its_name] : kBugs) {
    if (its_name == name) return bug;
  }
  return std::nullopt;
}

std::unique_ptr<sink::TransactionLog> planted(Bug bug, ModelLog& log) {
  switch (bug) {
    case Bug::kCommitBeforeFlush:
      return std::make_unique<CommitBeforeFlush>(log);
    case Bug::kStaleMembership:
      return std::make_unique<StaleMembership>(log);
    case Bug::kReuse:
      return std::make_unique<Reuse>(log);
    case Bug::kMetadataIgnored:
      return std::make_unique<MetadataIgnored>(log);
    default:
      return std::make_unique<Faithful>(log);
  }
}

}  // namespace headrace::simulation
